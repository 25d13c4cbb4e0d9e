import { decodeBase64Url } from './base64url.ts';
import { hasRocaFingerprint } from './roca.ts';

/** A key that must not be used. The message says why and never quotes the key. */
export class KeyRefused extends Error {
  override readonly name: string = 'KeyRefused';
}

/** Only what the public key consists of: nothing else of a JWK ever reaches the crypto library. */
export type PublicMaterial =
  | { readonly kty: 'RSA'; readonly n: string; readonly e: string }
  | { readonly kty: 'EC'; readonly crv: string; readonly x: string; readonly y: string }
  | { readonly kty: 'OKP'; readonly crv: string; readonly x: string };

type JwkMembers = Readonly<Record<string, unknown>>;

const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;
const MIN_EXPONENT = 65537n;
// Larger exponents only serve to make verification slow.
const MAX_EXPONENT = 1n << 64n;
const COORDINATE_BYTES: Readonly<Record<string, number>> = { 'P-256': 32, 'P-384': 48, 'P-521': 66 };
const ED25519_BYTES = 32;

/** Picks and checks the public members of a JWK (RFC 7518 section 6, RFC 8037). Throws KeyRefused. */
export function readPublicMaterial(jwk: JwkMembers): PublicMaterial {
  const kty = jwk['kty'];
  if (kty === 'RSA') return readRsa(jwk);
  if (kty === 'EC') return readEc(jwk);
  if (kty === 'OKP') return readOkp(jwk);
  throw new KeyRefused('key type is not RSA, EC or OKP');
}

function readRsa(jwk: JwkMembers): PublicMaterial {
  const modulus = toInteger(bytesOf(jwk, 'n'));
  const exponent = toInteger(bytesOf(jwk, 'e'));
  const bits = modulus.toString(2).length;
  if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) {
    throw new KeyRefused(`RSA modulus has ${bits} bits, not ${MIN_RSA_BITS} to ${MAX_RSA_BITS}`);
  }
  if (modulus % 2n === 0n) throw new KeyRefused('RSA modulus is even');
  if (exponent < MIN_EXPONENT || exponent >= MAX_EXPONENT || exponent % 2n === 0n) {
    throw new KeyRefused('RSA exponent is below 65537, even or absurdly large');
  }
  if (hasRocaFingerprint(modulus)) throw new KeyRefused('RSA modulus has the ROCA fingerprint (CVE-2017-15361)');
  return { kty: 'RSA', n: textOf(jwk, 'n'), e: textOf(jwk, 'e') };
}

function readEc(jwk: JwkMembers): PublicMaterial {
  const crv = textOf(jwk, 'crv');
  const length = Object.hasOwn(COORDINATE_BYTES, crv) ? COORDINATE_BYTES[crv] : undefined;
  if (length === undefined) throw new KeyRefused('curve is not P-256, P-384 or P-521');
  for (const name of ['x', 'y']) {
    // RFC 7518 section 6.2.1.2: the full size of a coordinate, leading zeros included.
    if (bytesOf(jwk, name).length !== length) throw new KeyRefused(`member ${name} has not the length of the curve`);
  }
  return { kty: 'EC', crv, x: textOf(jwk, 'x'), y: textOf(jwk, 'y') };
}

function readOkp(jwk: JwkMembers): PublicMaterial {
  const crv = textOf(jwk, 'crv');
  if (crv !== 'Ed25519') throw new KeyRefused('curve is not Ed25519');
  if (bytesOf(jwk, 'x').length !== ED25519_BYTES) throw new KeyRefused('member x has not the length of the curve');
  return { kty: 'OKP', crv, x: textOf(jwk, 'x') };
}

function textOf(jwk: JwkMembers, name: string): string {
  const text = jwk[name];
  if (typeof text !== 'string' || text === '') throw new KeyRefused(`member ${name} is missing`);
  return text;
}

function bytesOf(jwk: JwkMembers, name: string): Buffer {
  const bytes = decodeBase64Url(textOf(jwk, name));
  if (bytes === undefined) throw new KeyRefused(`member ${name} is not base64url`);
  return bytes;
}

function toInteger(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}
