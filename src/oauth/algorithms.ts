import { constants, type KeyObject, sign, verify } from 'node:crypto';
import { promisify } from 'node:util';

/** Every signature algorithm there is here (RFC 7518 section 3, RFC 8037). HMAC and `none` have no code path. */
export type Algorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA';

interface AlgorithmFacts {
  readonly kty: 'RSA' | 'EC' | 'OKP';
  /** Digest of the signature; `null` where the scheme has its own (Ed25519). */
  readonly digest: 'sha256' | 'sha384' | 'sha512' | null;
  readonly curve?: string;
  /** Exact length where the algorithm fixes it; RSA signatures are as long as the modulus. */
  readonly signatureBytes?: number;
  /** Absent where Node's default is the scheme: PKCS #1 v1.5 for RSA. Asking for it by name costs time on every token. */
  readonly parameters?: {
    readonly padding?: number;
    readonly saltLength?: number;
    readonly dsaEncoding?: 'ieee-p1363';
  };
}

const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
const fixedLength = { dsaEncoding: 'ieee-p1363' } as const;

const FACTS: { readonly [A in Algorithm]: AlgorithmFacts } = {
  RS256: { kty: 'RSA', digest: 'sha256' },
  RS384: { kty: 'RSA', digest: 'sha384' },
  RS512: { kty: 'RSA', digest: 'sha512' },
  PS256: { kty: 'RSA', digest: 'sha256', parameters: pss },
  PS384: { kty: 'RSA', digest: 'sha384', parameters: pss },
  PS512: { kty: 'RSA', digest: 'sha512', parameters: pss },
  ES256: { kty: 'EC', digest: 'sha256', curve: 'P-256', signatureBytes: 64, parameters: fixedLength },
  ES384: { kty: 'EC', digest: 'sha384', curve: 'P-384', signatureBytes: 96, parameters: fixedLength },
  ES512: { kty: 'EC', digest: 'sha512', curve: 'P-521', signatureBytes: 132, parameters: fixedLength },
  EdDSA: { kty: 'OKP', digest: null, curve: 'Ed25519', signatureBytes: 64 },
};

/** All names of {@link Algorithm}. */
export const ALL_ALGORITHMS: readonly Algorithm[] = Object.keys(FACTS).filter(isAlgorithm);

const signOnPool = promisify(sign);
const verifyOnPool = promisify(verify);

/** Whether a name, of any origin, is an algorithm we know. */
export function isAlgorithm(name: unknown): name is Algorithm {
  return typeof name === 'string' && Object.hasOwn(FACTS, name);
}

/** The algorithm a token or key names: `Ed25519` is the newer name of what `EdDSA` is with the one curve we have (RFC 9864 2.2). */
export function algorithmNamed(name: unknown): Algorithm | undefined {
  if (name === 'Ed25519') return 'EdDSA';
  return isAlgorithm(name) ? name : undefined;
}

/** The algorithms a key of this type and curve can do (RFC 7518 section 6.1, RFC 8037 section 2). Empty for any other key. */
export function algorithmsOf(kty: string, curve?: string): readonly Algorithm[] {
  return ALL_ALGORITHMS.filter((name) => FACTS[name].kty === kty && FACTS[name].curve === curve);
}

/** The digest behind `at_hash` for a token signed with this algorithm (OpenID Connect Core 3.1.3.6). */
export function digestOf(algorithm: Algorithm): 'sha256' | 'sha384' | 'sha512' {
  return FACTS[algorithm].digest ?? 'sha512';
}

/** Whether the bytes were signed by the holder of this public key. Synchronous: a thread hop costs more than it saves. */
export function verifyBytes(algorithm: Algorithm, key: KeyObject, data: Uint8Array, signature: Uint8Array): boolean {
  const { digest, parameters, signatureBytes } = FACTS[algorithm];
  if (key.type !== 'public') return false;
  if (signatureBytes !== undefined && signature.length !== signatureBytes) return false;
  try {
    return verify(digest, data, parameters === undefined ? key : { key, ...parameters }, signature);
  } catch {
    return false;
  }
}

/**
 * As {@link verifyBytes}, for servers that answer many at once: elliptic curves are slow to verify and go to the thread pool, RSA is quick
 * and done here. It takes a little more CPU and lets other requests go on.
 */
export async function verifyBytesOffThread(
  algorithm: Algorithm,
  key: KeyObject,
  data: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const { digest, kty, parameters, signatureBytes } = FACTS[algorithm];
  if (kty !== 'EC') return verifyBytes(algorithm, key, data, signature);
  if (key.type !== 'public' || signature.length !== signatureBytes) return false;
  try {
    return await verifyOnPool(digest, data, { key, ...parameters }, signature);
  } catch {
    return false;
  }
}

/** Signs bytes. RSA goes to the thread pool, for it would hold everything else up; the others are quicker done at once. */
export async function signBytes(algorithm: Algorithm, key: KeyObject, data: Uint8Array): Promise<Buffer> {
  const { digest, kty, parameters } = FACTS[algorithm];
  if (kty !== 'RSA') return sign(digest, data, { key, ...parameters });
  return await signOnPool(digest, data, { key, ...parameters });
}

/** Whether a private key and a public key are two halves of one pair. Signs synchronously: for start-up, never per request. */
export function isPair(algorithm: Algorithm, privateKey: KeyObject, publicKey: KeyObject): boolean {
  const { digest, parameters } = FACTS[algorithm];
  const probe = Buffer.from('probe');
  return verifyBytes(algorithm, publicKey, probe, sign(digest, probe, { key: privateKey, ...parameters }));
}
