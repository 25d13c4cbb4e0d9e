import { numberClaim, stringClaim, stringListClaim } from '../../oauth/jwt.ts';
import type { Claims, UnverifiedJwt } from '../../oauth/jwt.ts';
import type { AssertionPolicy } from '../policy/assertion-policy.ts';
import type { Place } from '../place.ts';
import type { Realm } from '../persona.ts';
import { isSignedBy, keysNamedBy } from './assertion.ts';
import { certificateKey, isSignedByCertificate } from './certificate-chain.ts';
import type { LocalClient } from './client.ts';
import { Refusal } from './refusal.ts';
import type { Values } from './refusal.ts';

/** An assertion at a place, of the client it is to prove. */
export interface AssertionCheck {
  readonly realm: Realm;
  readonly place: Place;
  readonly client: LocalClient;
  readonly policy: AssertionPolicy;
  readonly jwt: UnverifiedJwt;
}

const MAX_JTI_CHARACTERS = 128;

/** Judges a client's assertion by the persona's policy (RFC 7523 3) and tells what proved it. Throws a Refusal named `assertion-…` or `certificate-…`. */
export async function checkClientAssertion(check: AssertionCheck): Promise<'private_key_jwt' | 'certificate'> {
  const { realm, client, policy, jwt } = check;
  const values = { client: client.id };
  const provenBy = await checkSignature(check);
  if (stringClaim(jwt.claims, 'iss') !== client.id) throw new Refusal('client-differs', values);
  if (policy.federated === true && jwt.claims['sub'] === undefined)
    throw new Refusal('assertion-claim', { claim: 'sub' });
  if (stringClaim(jwt.claims, 'sub') !== client.id) throw new Refusal('assertion-subject', values);
  checkAudience(check);
  const expires = checkTimes(policy, jwt.claims, realm.now());
  if (policy.replay === 'refused') await refuseReplay(realm, client.id, jwt.claims, expires + policy.skewSeconds);
  return provenBy;
}

async function checkSignature(check: AssertionCheck): Promise<'private_key_jwt' | 'certificate'> {
  const { realm, client, policy, jwt } = check;
  const values = { client: client.id };
  const orgno = policy.businessCertificates === true ? organisationOf(client) : undefined;
  // A client with registered keys names one of them; the certificate of its organisation is for those without.
  if (orgno !== undefined && client.keys.length === 0 && jwt.header['x5c'] !== undefined) {
    const roots = await realm.businessRoots();
    const key = await certificateKey(jwt, { client: client.id, orgno, roots, now: realm.now() });
    if (!isSignedByCertificate(jwt, key)) throw new Refusal('assertion-signature', values);
    return 'certificate';
  }
  const { clientKeys } = realm;
  const unnamed = policy.onlyKeyUnnamed === true && jwt.header.kid === undefined && client.keys.length === 1;
  const named = unnamed
    ? client.keys
    : keysNamedBy(jwt.header, client.keys, policy.keyNames === 'kid' ? 'kid' : (key) => clientKeys.thumbprints(key));
  if (named === undefined) throw new Refusal('assertion-key-unnamed', values);
  if (named.length === 0) throw new Refusal('assertion-key-unknown', values);
  if (!(await isSignedBy(jwt, named, clientKeys))) throw new Refusal('assertion-signature', values);
  return 'private_key_jwt';
}

function organisationOf({ row }: LocalClient): string | undefined {
  return row !== undefined && 'orgno' in row.registration ? row.registration.orgno : undefined;
}

/** Remembers a `jti` until its assertion would be refused anyway. Throws `assertion-used`, `assertion-claim` when there is none. */
export async function refuseReplay(realm: Realm, clientId: string, claims: Claims, until: number): Promise<void> {
  const jti = stringClaim(claims, 'jti');
  if (jti === undefined) throw new Refusal('assertion-claim', { claim: 'jti' });
  if (jti === '' || jti.length > MAX_JTI_CHARACTERS) {
    throw new Refusal('assertion-malformed', { why: `claim jti has not 1 to ${MAX_JTI_CHARACTERS} characters` });
  }
  const ttl = Math.max(1, until - realm.now() + 1);
  if (!(await realm.memory.once(`jti ${clientId} ${jti}`, ttl))) throw new Refusal('assertion-used');
}

function checkAudience({ realm, place, client, policy, jwt }: AssertionCheck): void {
  const audiences = stringListClaim(jwt.claims, 'aud') ?? [];
  const listed = policy.audiences === 'string' && typeof jwt.claims['aud'] !== 'string';
  const tooMany = audiences.length > 1 && policy.audiences !== 'several';
  const verdicts = new Set(audiences.map((audience) => policy.audience(place, audience)));
  if (audiences.length === 0 || tooMany || listed || verdicts.has('refused')) {
    throw new Refusal('assertion-audience', { client: client.id });
  }
  if (verdicts.has('outdated')) {
    realm.emit({ event: 'idp.token_url_audience', persona: realm.persona.name, client: client.id });
  }
}

/** Checks `exp`, `nbf` and `iat`, and gives `exp` back. */
export function checkTimes(policy: AssertionPolicy, claims: Claims, now: number): number {
  for (const name of ['exp', 'iat', 'nbf']) {
    if (claims[name] !== undefined && numberClaim(claims, name) === undefined) {
      throw new Refusal('assertion-malformed', { why: `claim ${name} is no number` });
    }
  }
  const exp = numberClaim(claims, 'exp');
  const iat = numberClaim(claims, 'iat');
  const from = numberClaim(claims, 'nbf') ?? iat ?? now;
  // Written out only for a refusal.
  const life = (): Values => ({ now: iso(now), from: iso(from), until: iso(exp ?? now) });
  if (exp === undefined) throw new Refusal('assertion-claim', { claim: 'exp' });
  if (exp + policy.skewSeconds <= now) throw new Refusal('assertion-expired', life());
  const issuedAhead = policy.judgesIssuedAt && iat !== undefined && iat > now + policy.skewSeconds;
  if (from > now + policy.skewSeconds || issuedAhead) throw new Refusal('assertion-future', life());
  if (policy.maxLifetimeSeconds !== undefined) {
    if (iat === undefined) throw new Refusal('assertion-claim', { claim: 'iat' });
    if (exp - iat > policy.maxLifetimeSeconds) throw new Refusal('assertion-life', life());
  }
  return exp;
}

/** Any number a client may send, without throwing on absurd ones. */
function iso(seconds: number): string {
  return new Date(Math.min(Math.max(seconds, 0), 8.64e12) * 1000).toISOString();
}
