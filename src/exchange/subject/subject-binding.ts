import { stringClaim, stringListClaim } from '../../oauth/jwt.ts';
import type { Claims } from '../../oauth/jwt.ts';
import type { AppId } from '../../registry/app-id.ts';
import type { Snapshot } from '../../registry/model.ts';
import { refuse } from '../errors.ts';
import { CLIENT_CLAIMS } from './client-claims.ts';
import type { SubjectIssuer } from './subject-issuers.ts';
import type { IssuerRules } from './trusted-issuer.ts';

/** Claims only an ID token has (OpenID Connect Core 2, 3.1.3.6, 3.3.2.11). */
const ID_TOKEN_CLAIMS = ['nonce', 'at_hash', 'c_hash', 's_hash'];

/** An access token, not an ID token, logout token or assertion. Throws `subject-kind`. */
export function checkKind(claims: Claims, { rules }: SubjectIssuer, saidIdToken: boolean): void {
  if (Object.hasOwn(claims, 'events'))
    throw refuse('subject-kind', 'subject token: a security event is not an access token');
  if (saidIdToken) return;
  const idToken = ID_TOKEN_CLAIMS.some((name) => Object.hasOwn(claims, name));
  const markers = rules.accessTokenMarkers;
  const marked = markers.length === 0 || markers.some((name) => Object.hasOwn(claims, name));
  if (idToken || !marked) throw refuse('subject-kind', 'subject token: not an access token');
}

/** The token was meant for us. Throws `subject-not-for-caller` for our own tokens, `subject-binding` for others'. */
export function checkBinding(
  claims: Claims,
  question: {
    readonly issuer: SubjectIssuer;
    readonly idToken: boolean;
    readonly caller: AppId;
    readonly snapshot: Snapshot;
  },
): void {
  const { issuer, idToken, caller, snapshot } = question;
  const audience = stringListClaim(claims, 'aud') ?? [];
  if (issuer.own) {
    // The one rule that keeps a receiver of a token from using it as its own.
    if (!audience.includes(caller))
      throw refuse('subject-not-for-caller', `subject token: ${caller} is not in its aud`);
    return;
  }
  const theirs = snapshot.clientOf(caller, issuer.rules.provider)?.clientId;
  const bound = idToken
    ? theirs !== undefined && audience.includes(theirs)
    : isBound(claims, audience, { rules: issuer.rules, snapshot });
  if (!bound) throw refuse('subject-binding', 'subject token: it was not issued to an application of this platform');
}

function isBound(
  claims: Claims,
  audience: readonly string[],
  { rules, snapshot }: { readonly rules: IssuerRules; readonly snapshot: Snapshot },
): boolean {
  if (rules.bind === 'any') return true;
  const { aud, clientId } = rules.bind;
  if (aud !== undefined && !aud.some((ours) => audience.includes(ours))) return false;
  if (clientId === undefined) return true;
  const isOurs = (id: string | undefined): boolean => {
    if (id === undefined) return false;
    return clientId === '@registry' ? snapshot.client(rules.provider, id) !== undefined : clientId.includes(id);
  };
  const present = CLIENT_CLAIMS.filter((name) => Object.hasOwn(claims, name));
  return present.length > 0 && present.every((name) => isOurs(stringClaim(claims, name)));
}
