import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { type Algorithm, algorithmNamed, algorithmsOf, isPair } from './algorithms.ts';
import { KeyRefused, type PublicMaterial, readPublicMaterial } from './key-material.ts';
import { isJsonObject } from './objects.ts';

/** A public key as it stands in a key set (RFC 7517). */
export interface PublicJwk {
  readonly kty: string;
  readonly kid: string;
  readonly alg?: string;
  readonly use?: string;
  readonly [member: string]: unknown;
}

/** A private key as a JWK. Never leaves the process but to its store. */
export interface PrivateJwk extends PublicJwk {
  readonly d: string;
}

/** A public key that passed every check, with the algorithms it may be used for. Imported once, not per token. */
export interface VerificationKey {
  readonly kid: string | undefined;
  readonly algorithms: readonly Algorithm[];
  readonly key: KeyObject;
}

/** A private key ready to sign with its one algorithm. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: Algorithm;
  readonly key: KeyObject;
  readonly publicJwk: PublicJwk;
}

const MAX_KID_CHARACTERS = 256;
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];
const PUBLIC_MEMBERS = ['kty', 'kid', 'alg', 'n', 'e', 'crv', 'x', 'y', 'x5c', 'x5t', 'x5t#S256'];
const DEFAULT_ALGORITHM: Readonly<Record<string, Algorithm>> = {
  RSA: 'RS256',
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
  Ed25519: 'EdDSA',
};

const generateKeyPairOnPool = promisify(generateKeyPair);

/**
 * Imports one public JWK of a key set (RFC 7517 section 4). Throws KeyRefused: private or symmetric member, unknown `kty`, `crv` or
 * `alg`, `use` or `key_ops` that exclude verifying, RSA outside 2048..8192 bits or with a weak exponent or the ROCA fingerprint,
 * point off its curve, `kid` that is no string of 1..256 characters.
 */
export function importVerificationKey(jwk: unknown): VerificationKey {
  if (!isJsonObject(jwk)) throw new KeyRefused('not a JSON object');
  if (PRIVATE_MEMBERS.some((name) => Object.hasOwn(jwk, name)))
    throw new KeyRefused('holds a private or symmetric member');
  checkPurpose(jwk, 'verify');
  const material = readPublicMaterial(jwk);
  return { kid: readKid(jwk), algorithms: readAlgorithms(jwk, material), key: toPublicKey(material) };
}

/**
 * Imports one private JWK with `kid`; a missing `alg` becomes RS256, ES256/384/512 or EdDSA by key type and curve. The two halves
 * are tried on each other. Throws KeyRefused as {@link importVerificationKey} does.
 */
export function importSigningKey(jwk: unknown): SigningKey {
  if (!isJsonObject(jwk)) throw new KeyRefused('not a JSON object');
  if (typeof jwk['d'] !== 'string') throw new KeyRefused('holds no private key');
  checkPurpose(jwk, 'sign');
  const material = readPublicMaterial(jwk);
  const alg = algorithmNamed(jwk['alg'] ?? DEFAULT_ALGORITHM[material.kty === 'RSA' ? 'RSA' : material.crv]);
  if (alg === undefined || !readAlgorithms(jwk, material).includes(alg))
    throw new KeyRefused('alg does not fit the key');
  const kid = readKid(jwk);
  if (kid === undefined) throw new KeyRefused('kid is missing');
  const key = toPrivateKey(jwk, alg, toPublicKey(material));
  return { kid, alg, key, publicJwk: { ...pickPublic(jwk), kty: material.kty, kid, alg, use: 'sig' } };
}

/** Makes a key pair: RSA with 2048 bits, P-256 or Ed25519. `kid` is a random UUID unless given. Many can be made side by side. */
export async function generatePrivateJwk(
  alg: 'RS256' | 'PS256' | 'ES256' | 'EdDSA',
  kid: string = randomUUID(),
): Promise<PrivateJwk> {
  const { privateKey } = await generatePair(alg);
  const { kty, d, ...members } = privateKey.export({ format: 'jwk' });
  if (kty === undefined || d === undefined) throw new KeyRefused('the key could not be exported');
  return { ...members, kty, kid, alg, use: 'sig', d };
}

/** The public half of a private JWK, fit for a key set: public members only, `use` is `sig`. */
export function publicJwk(jwk: PrivateJwk): PublicJwk {
  return { ...pickPublic(jwk), kty: jwk.kty, kid: jwk.kid, use: 'sig' };
}

async function generatePair(alg: 'RS256' | 'PS256' | 'ES256' | 'EdDSA'): Promise<{ readonly privateKey: KeyObject }> {
  if (alg === 'ES256') return await generateKeyPairOnPool('ec', { namedCurve: 'P-256' });
  if (alg === 'EdDSA') return await generateKeyPairOnPool('ed25519');
  return await generateKeyPairOnPool('rsa', { modulusLength: 2048 });
}

function pickPublic(jwk: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(PUBLIC_MEMBERS.filter((name) => jwk[name] !== undefined).map((name) => [name, jwk[name]]));
}

function checkPurpose(jwk: Readonly<Record<string, unknown>>, operation: 'sign' | 'verify'): void {
  const { use, key_ops: operations } = jwk;
  if (use !== undefined && use !== 'sig') throw new KeyRefused('use is not sig');
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes(operation))) {
    throw new KeyRefused(`key_ops is without ${operation}`);
  }
}

function readKid(jwk: Readonly<Record<string, unknown>>): string | undefined {
  const kid = jwk['kid'];
  if (kid === undefined) return undefined;
  if (typeof kid !== 'string' || kid === '' || kid.length > MAX_KID_CHARACTERS)
    throw new KeyRefused('kid is malformed');
  return kid;
}

function readAlgorithms(jwk: Readonly<Record<string, unknown>>, material: PublicMaterial): readonly Algorithm[] {
  const possible = material.kty === 'RSA' ? algorithmsOf('RSA') : algorithmsOf(material.kty, material.crv);
  if (jwk['alg'] === undefined) return possible;
  // RFC 8725 section 3.1: one key, one algorithm, when the key says which.
  const alg = algorithmNamed(jwk['alg']);
  if (alg === undefined || !possible.includes(alg)) throw new KeyRefused('alg is unknown or does not fit the key');
  return [alg];
}

function toPublicKey(material: PublicMaterial): KeyObject {
  try {
    return createPublicKey({ key: { ...material }, format: 'jwk' });
  } catch {
    throw new KeyRefused('not a valid public key, perhaps a point off its curve');
  }
}

function toPrivateKey(jwk: Readonly<Record<string, unknown>>, alg: Algorithm, publicKey: KeyObject): KeyObject {
  try {
    const key = createPrivateKey({ key: { ...jwk }, format: 'jwk' });
    if (isPair(alg, key, publicKey)) return key;
  } catch {
    // The cause may quote the key: it is dropped on purpose.
  }
  throw new KeyRefused('not a valid private key, or its public half belongs to another');
}
