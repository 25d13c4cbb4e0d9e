import type { KeyObject } from 'node:crypto';
import type { PublicJwk } from '../../oauth/jwk.ts';
import { isSignedBy, keysNamedBy } from '../engine/assertion.ts';
import { certificateKey, isSignedByCertificate } from '../engine/certificate-chain.ts';
import { Refusal } from '../engine/refusal.ts';
import { clientOf } from './maskinporten-subject.ts';
import type { Subject } from './maskinporten-subject.ts';

/** How the client proved itself: with registered keys the certificate of its organisation counts for nothing. */
export function amrOf(subject: Subject): 'private_key_jwt' | 'virksomhetssertifikat' {
  return clientOf(subject).keys.length === 0 ? 'virksomhetssertifikat' : 'private_key_jwt';
}

/** The key an assertion names: by `kid` once the client has keys, else by the certificate it brings. Throws a Refusal. */
export async function checkKey(subject: Subject): Promise<void> {
  const { jwt, now } = subject;
  const { clientId, keys } = clientOf(subject);
  const values = { client: clientId };
  if (keys.length === 0 && (jwt.header.kid === undefined || jwt.header['x5c'] !== undefined)) {
    await certificateOf(subject);
    return;
  }
  const named = keysNamedBy(jwt.header, keys, 'kid');
  if (named === undefined) throw new Refusal('assertion-key-unnamed', values);
  if (named.length === 0) throw new Refusal('assertion-key-unknown', values);
  if (named.every((key) => isPast(key, now))) throw new Refusal('assertion-key-old', values);
}

/** Throws `assertion-signature`. */
export async function checkSignature(subject: Subject): Promise<void> {
  const { call, jwt, now } = subject;
  const { clientId, keys } = clientOf(subject);
  const named = (keysNamedBy(jwt.header, keys, 'kid') ?? []).filter((key) => !isPast(key, now));
  const signed =
    keys.length === 0
      ? isSignedByCertificate(jwt, await certificateOf(subject))
      : await isSignedBy(jwt, named, call.realm.clientKeys);
  if (!signed) throw new Refusal('assertion-signature', { client: clientId });
}

/** Registered keys end: `exp` is seconds since the epoch. */
function isPast({ exp }: PublicJwk, now: number): boolean {
  return typeof exp === 'number' && exp <= now;
}

async function certificateOf(subject: Subject): Promise<KeyObject> {
  const { call, jwt, now } = subject;
  const { clientId, registration } = clientOf(subject);
  const roots = await call.realm.businessRoots();
  return await certificateKey(jwt, { client: clientId, orgno: registration.orgno, roots, now });
}
