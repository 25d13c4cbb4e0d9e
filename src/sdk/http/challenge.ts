import { printable } from './printable.ts';

/** The part of a refusal a challenge is made of. */
export interface ChallengeFacts {
  readonly code: string;
  readonly status: 400 | 401 | 403 | 503;
  readonly explanation?: string;
  readonly scope?: string;
  readonly acrValues?: string;
}

/** The `error` member of RFC 6750 3.1 and RFC 9470 3 that a refusal carries on the wire. */
export function wireError(facts: ChallengeFacts): string {
  if (facts.status === 400) return 'invalid_request';
  if (facts.status === 503) return 'temporarily_unavailable';
  if (facts.status === 403) return 'insufficient_scope';
  return facts.code === 'acr_too_low' ? 'insufficient_user_authentication' : 'invalid_token';
}

/** A token may hold thousands of audiences; a header may not. Characters. */
const MAX_EXPLANATION = 500;

/** What strangers are told: expired or invalid and nothing finer, unless an explanation was asked for. */
export function wireDescription(facts: ChallengeFacts): string {
  if (facts.explanation !== undefined) return printable(facts.explanation.slice(0, MAX_EXPLANATION));
  if (facts.status === 400) return 'the Authorization header is malformed';
  if (facts.status === 503) return 'the keys of the issuer cannot be fetched at the moment';
  if (facts.status === 403) return 'the token does not give access to this';
  if (facts.code === 'token_missing') return 'a bearer token is required';
  if (facts.code === 'acr_too_low') return 'a higher level of authentication is required';
  return facts.code === 'token_expired' ? 'the token has expired' : 'the token is invalid';
}

/** The value of `WWW-Authenticate`, row by row of sidecar-sdk.md 5.3; undefined where there is nothing to challenge. */
export function challengeText(
  facts: ChallengeFacts,
  { realm, resourceMetadata }: { readonly realm?: string; readonly resourceMetadata?: string },
): string | undefined {
  if (facts.status === 503) return undefined;
  const parameters: [name: string, value: string | undefined][] = [['realm', realm]];
  // A request without credentials gets no error code (RFC 6750 3.1).
  if (facts.code !== 'token_missing') {
    parameters.push(['error', wireError(facts)]);
    const says = facts.explanation !== undefined || wireError(facts) === 'invalid_token';
    parameters.push(['error_description', says ? wireDescription(facts) : undefined]);
    parameters.push(['scope', facts.scope], ['acr_values', facts.acrValues]);
  }
  parameters.push(['resource_metadata', resourceMetadata]);
  const written = parameters.flatMap(([name, value]) => (value === undefined ? [] : [`${name}="${printable(value)}"`]));
  return written.length === 0 ? 'Bearer' : `Bearer ${written.join(', ')}`;
}
