/** The one decision about a request to the application. Pure. Nothing reaches an upstream without what it grants. */
import type { Rule } from './rules.ts';

declare const decided: unique symbol;

/** Which identity the request carries upstream. */
type Identity =
  | { readonly kind: 'session'; readonly accessToken: string; readonly idToken: string }
  | { readonly kind: 'inbound' }
  | { readonly kind: 'none' };

/** Leave to forward one request. Only `decide` makes one. */
export interface Decision {
  readonly [decided]: true;
  readonly identity: Identity;
}

/** What is known about the session when the decision is made. */
export type SessionFinding =
  | { readonly kind: 'session'; readonly accessToken: string; readonly idToken: string }
  | { readonly kind: 'none' }
  /** Our ticket is there, but the store, or the provider that should refresh, does not answer. */
  | { readonly kind: 'unavailable' };

/** Forward, send to login, or say that we cannot tell right now. */
export type Verdict =
  | { readonly kind: 'forward'; readonly decision: Decision }
  | { readonly kind: 'sign-in' }
  | { readonly kind: 'unavailable' };

function forward(identity: Identity): Verdict {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- the only place that grants the brand
  return { kind: 'forward', decision: { identity } as Decision };
}

/** Decides one request: `preflight` = a CORS preflight, `hasAuthorization` = the client sent `Authorization`. */
export function decide(request: {
  readonly rule: Rule;
  readonly session: SessionFinding;
  readonly preflight: boolean;
  readonly hasAuthorization: boolean;
}): Verdict {
  const { rule, session } = request;
  if (request.preflight && rule.preflight === 'upstream') return forward({ kind: 'none' });
  if (session.kind === 'session') return forward(session);
  if (session.kind === 'unavailable' && rule.login !== 'exempt') return { kind: 'unavailable' };
  if (rule.authorization === 'pass' && request.hasAuthorization) return forward({ kind: 'inbound' });
  if (rule.login === 'enforce') return { kind: 'sign-in' };
  return forward({ kind: 'none' });
}
