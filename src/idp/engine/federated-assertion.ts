import { stringClaim, stringListClaim } from '../../oauth/jwt.ts';
import type { Claims } from '../../oauth/jwt.ts';
import type { FederatedCredential } from '../../registry/model.ts';
import { isSignedBy } from './assertion.ts';
import { checkTimes } from './client-assertion.ts';
import type { AssertionCheck } from './client-assertion.ts';
import { Refusal } from './refusal.ts';

/** Whether an assertion is another issuer's: clients are named by GUIDs, issuers by URLs. */
export function isForeign(claims: Claims): boolean {
  return /^https?:\/\//i.test(stringClaim(claims, 'iss') ?? '');
}

/**
 * Judges another issuer's assertion by the client's federated credentials (RFC 7521 3): issuer, subject and audience as registered,
 * byte for byte, and a key that stands in the credential. Throws `federated-unmatched` or a Refusal named `assertion-…`.
 */
export async function checkFederatedAssertion({ realm, client, policy, jwt }: AssertionCheck): Promise<void> {
  const subject = stringClaim(jwt.claims, 'sub') ?? '';
  const credential = (client.federated ?? []).find((each) => fits(each, jwt.claims));
  const values = { client: client.id, subject };
  if (credential === undefined) throw new Refusal('federated-unmatched', values);
  const { kid } = jwt.header;
  const named = kid === undefined ? credential.keys : credential.keys.filter((key) => key.kid === kid);
  if (named.length === 0) throw new Refusal('assertion-key-unknown', values);
  if (!(await isSignedBy(jwt, named, realm.clientKeys))) throw new Refusal('assertion-signature', values);
  checkTimes(policy, jwt.claims, realm.now());
}

/** A list of audiences holds the one and no other: what others accept too is no proof to us. */
function fits({ issuer, subject, audience }: FederatedCredential, claims: Claims): boolean {
  const audiences = stringListClaim(claims, 'aud') ?? [];
  return (
    stringClaim(claims, 'iss') === issuer &&
    stringClaim(claims, 'sub') === subject &&
    audiences.length === 1 &&
    audiences[0] === audience
  );
}
