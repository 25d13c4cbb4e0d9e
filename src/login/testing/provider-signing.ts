/** How the test provider signs, rightly and wrongly. */
import { createHmac } from 'node:crypto';
import type { PrivateJwk } from '../../oauth/jwk.ts';
import { generatePrivateJwk, importSigningKey, publicJwk } from '../../oauth/jwk.ts';
import { signBytes } from '../../oauth/algorithms.ts';
import { encodeBase64Url } from '../../oauth/base64url.ts';
import { signJws } from '../../oauth/jws.ts';

/** `stranger`: by a key nobody knows, under the name of a known one; `unknown-kid`: under a name nobody knows. */
export type WrongSigning = 'none' | 'HS256' | 'stranger' | 'unknown-kid' | 'no-kid';

let sharedKey: Promise<PrivateJwk> | undefined;
let strangersKey: Promise<PrivateJwk> | undefined;

/** The key that providers of one file begin with. */
export function signingJwk(): Promise<PrivateJwk> {
  sharedKey ??= generatePrivateJwk('RS256', 'idp-1');
  return sharedKey;
}

function encoded(value: unknown): string {
  return encodeBase64Url(Buffer.from(JSON.stringify(value)));
}

/** Signs in the right way or in a wrong one. */
export async function signAs(
  header: Record<string, unknown>,
  claims: Record<string, unknown>,
  { jwk, signing }: { readonly jwk: PrivateJwk; readonly signing: WrongSigning | undefined },
): Promise<string> {
  const payload: Record<string, unknown> = JSON.parse(JSON.stringify(claims));
  if (signing === undefined) return signJws(header, payload, importSigningKey(jwk));
  if (signing === 'none' || signing === 'HS256') {
    const input = `${encoded({ ...header, alg: signing, kid: jwk.kid })}.${encoded(payload)}`;
    // A public key as the secret: the classic mistake of verifiers.
    const secret = JSON.stringify(publicJwk(jwk));
    return `${input}.${signing === 'none' ? 'AA' : createHmac('sha256', secret).update(input).digest('base64url')}`;
  }
  strangersKey ??= generatePrivateJwk('RS256', 'stranger');
  const key = importSigningKey(signing === 'no-kid' ? jwk : await strangersKey);
  const kid = { 'no-kid': undefined, stranger: jwk.kid, 'unknown-kid': 'nobody' }[signing];
  const input = `${encoded({ ...header, alg: key.alg, kid })}.${encoded(payload)}`;
  return `${input}.${encodeBase64Url(await signBytes(key.alg, key.key, Buffer.from(input, 'latin1')))}`;
}
