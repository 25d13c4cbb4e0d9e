import { createPublicKey, generateKeyPair, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { encodeBase64Url } from '../../oauth/base64url.ts';
import { importVerificationKey } from '../../oauth/jwk.ts';
import type { VerificationKey } from '../../oauth/jwk.ts';
import type { Played } from './places.ts';

/** The keys of the providers: one pair at a time, under an id of its own at each provider. */
export interface KeyRing {
  /** The id of the newest key at a provider. */
  kid(provider: Played): string;
  /** What the provider publishes, the newest first. */
  jwks(provider: Played): { readonly keys: readonly object[] };
  verificationKeys(provider: Played): readonly VerificationKey[];
  /** The compact JWS over two segments as they are, signed with RS256 by the newest key. */
  sign(header: string, payload: string): string;
  /** A new key; the old one stays published unless dropped. */
  rotate(drop: boolean): void;
}

interface Generation {
  readonly number: number;
  readonly privateKey: KeyObject;
}

const RSA = { modulusLength: 2048 } as const;
const generate = promisify(generateKeyPair);

/** Makes the first key, off the main thread. */
export async function makeKeyRing(): Promise<KeyRing> {
  const { privateKey } = await generate('rsa', RSA);
  let generations: readonly [Generation, ...Generation[]] = [{ number: 1, privateKey }];
  const kidOf = (provider: Played, { number }: Generation): string => `${provider}-${number}`;
  const jwks: KeyRing['jwks'] = (provider) => ({
    keys: generations.map((each) => publicJwkOf(each.privateKey, provider, kidOf(provider, each))),
  });
  return {
    kid: (provider) => kidOf(provider, generations[0]),
    jwks,
    verificationKeys: (provider) => jwks(provider).keys.map((key) => importVerificationKey(key)),
    sign(header, payload) {
      const input = `${encodeBase64Url(header)}.${encodeBase64Url(payload)}`;
      const signature = sign('sha256', Buffer.from(input, 'latin1'), generations[0].privateKey);
      return `${input}.${encodeBase64Url(signature)}`;
    },
    rotate(drop) {
      const next = { number: generations[0].number + 1, privateKey: generateKeyPairSync('rsa', RSA).privateKey };
      generations = drop ? [next] : [next, ...generations];
    },
  };
}

/** Entra ID's keys name no algorithm; the others' do. */
function publicJwkOf(key: KeyObject, provider: Played, kid: string): object {
  const { kty, n, e } = createPublicKey(key).export({ format: 'jwk' });
  return { kty, use: 'sig', kid, n, e, ...(provider === 'entra_id' ? {} : { alg: 'RS256' }) };
}
