import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { generatePrivateJwk, publicJwk } from '../oauth/jwk.ts';
import type { PrivateJwk } from '../oauth/jwk.ts';
import { KeyEncryptionKeyUnusable } from './kek.ts';
import type { AppId } from '../registry/app-id.ts';
import type { KeyRow } from '../registry/key-row.ts';
import type { KeyWrapper } from '../registry/key-wrapper.ts';
import type { ClientProvider } from '../registry/model.ts';

/** A key that a client lacks. */
export interface KeyWish {
  readonly app: AppId;
  readonly uid: string;
  readonly provider: ClientProvider;
  readonly kind: KeyRow['kind'];
  readonly state: 'current' | 'next';
  /** Of a `jwk`. */
  readonly alg: ClientKeyAlgorithm;
}

/** RSA is what every library expects; P-256 is made in no time. */
export type ClientKeyAlgorithm = 'RS256' | 'ES256';

const PASSWORD_BYTES = 32;

/** Makes one key, its private part sealed (manifest.md section 8). `now` is seconds since the epoch. RSA is made on the thread pool: ask for many at once. */
export async function makeKey(wish: KeyWish, wrapper: KeyWrapper, now: number): Promise<KeyRow> {
  const times = { createdAt: now, registeredAt: now, usableAt: now };
  const base = { ...wish, ...times, ...(wish.state === 'current' ? { promotedAt: now } : {}) };
  if (wish.kind === 'password') {
    const [kid, secret] = [randomUUID(), randomBytes(PASSWORD_BYTES).toString('base64url')];
    const secretHash = createHash('sha256').update(secret).digest('hex');
    return {
      ...base,
      kid,
      alg: 'secret',
      secretHash,
      sealedPrivate: wrapper.wrap(Buffer.from(secret), aadOf(kid, wish.uid)),
    };
  }
  const jwk = named(await generatePrivateJwk(wish.alg), wish.provider);
  const sealedPrivate = wrapper.wrap(Buffer.from(JSON.stringify(jwk)), aadOf(jwk.kid, wish.uid));
  return { ...base, kid: jwk.kid, publicJwk: publicJwk(jwk), sealedPrivate };
}

/** The private part of a key: a JWK as JSON, or a secret. Throws KeyEncryptionKeyUnusable when it was sealed by another key-encryption key. */
export function privatePart(key: KeyRow, wrapper: KeyWrapper): string | undefined {
  if (key.sealedPrivate === undefined) return undefined;
  try {
    return wrapper.unwrap(key.sealedPrivate, aadOf(key.kid, key.uid)).toString();
  } catch (cause) {
    const message = `the key ${key.kid} of ${key.app} was sealed with another key-encryption key: restore the file kek of the state folder, or move the folder away`;
    throw new KeyEncryptionKeyUnusable(message, { cause });
  }
}

/** The same key, its private part sealed anew: by a ring, under its first key-encryption key. Throws KeyEncryptionKeyUnusable. */
export function resealedKey(key: KeyRow, wrapper: KeyWrapper): KeyRow {
  const secret = privatePart(key, wrapper);
  if (secret === undefined) return key;
  return { ...key, sealedPrivate: wrapper.wrap(Buffer.from(secret), aadOf(key.kid, key.uid)) };
}

/** Entra ID knows its keys as certificates: the kid has the form of a SHA-1 thumbprint. */
function named(jwk: PrivateJwk, provider: ClientProvider): PrivateJwk {
  if (provider !== 'azure') return jwk;
  return {
    ...jwk,
    kid: createHash('sha1')
      .update(JSON.stringify(publicJwk(jwk)))
      .digest('base64url'),
  };
}

function aadOf(kid: string, uid: string): string {
  return `${kid} ${uid}`;
}
