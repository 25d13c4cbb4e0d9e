/** The one decision about a request to the application. Pure. Nothing reaches an upstream without what it grants. */
import type { FoundSession, SessionFinding } from '../session/finding.ts';
import type { Shortfall } from '../step-up.ts';
import type { Rule } from './rules.ts';

declare const decided: unique symbol;

/** Which identity the request carries upstream. */
type Identity =
  | ({ readonly kind: 'session' } & FoundSession)
  | { readonly kind: 'inbound' }
  | { readonly kind: 'none' };

/** Leave to forward one request. Only `decide` makes one. */
export interface Decision {
  readonly [decided]: true;
  readonly identity: Identity;
}

/** Forward; send to login, for more than the session shows or for lack of one; refuse; or say that we cannot tell right now. */
export type Verdict =
  | { readonly kind: 'forward'; readonly decision: Decision }
  /** At the provider that the rule names, if it does. */
  | { readonly kind: 'sign-in'; readonly provider: string | undefined }
  | { readonly kind: 'step-up'; readonly found: FoundSession; readonly shortfall: Shortfall }
  | { readonly kind: 'cross-site' }
  | { readonly kind: 'unavailable' };

/** What the decision is made of. */
export interface Matter {
  readonly rule: Rule;
  readonly session: SessionFinding;
  /** What the rule demands beyond the session. */
  readonly shortfall: Shortfall | undefined;
  /** Whether the rule's guard takes the request for another site's write. */
  readonly crossSite: boolean;
  /** A CORS preflight. */
  readonly preflight: boolean;
  /** The client sent `Authorization`. */
  readonly hasAuthorization: boolean;
}

function forward(identity: Identity): Verdict {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- the only place that grants the brand
  return { kind: 'forward', decision: { identity } as Decision };
}

function withSession({ rule, shortfall, crossSite }: Matter, found: FoundSession): Verdict | undefined {
  if (shortfall === undefined) {
    if (crossSite) return { kind: 'cross-site' };
    return forward({ kind: 'session', at: found.at, session: found.session });
  }
  // An exempt path never asks for more: a session that does not suffice is none there.
  return rule.login === 'exempt' ? undefined : { kind: 'step-up', found, shortfall };
}

/** Decides one request. */
export function decide(matter: Matter): Verdict {
  const { rule, session } = matter;
  if (matter.preflight && rule.preflight === 'upstream') return forward({ kind: 'none' });
  const verdict = session.kind === 'session' ? withSession(matter, session) : undefined;
  if (verdict !== undefined) return verdict;
  if (session.kind === 'unavailable' && rule.login !== 'exempt') return { kind: 'unavailable' };
  if (rule.authorization === 'pass' && matter.hasAuthorization) return forward({ kind: 'inbound' });
  if (rule.login === 'enforce') return { kind: 'sign-in', provider: rule.provider };
  return forward({ kind: 'none' });
}
