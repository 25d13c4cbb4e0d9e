import { algorithmNamed } from '../../oauth/algorithms.ts';
import type { Algorithm } from '../../oauth/algorithms.ts';
import { importVerificationKey } from '../../oauth/jwk.ts';
import type { PublicJwk, VerificationKey } from '../../oauth/jwk.ts';

/** The algorithms a client may sign its assertions with. */
export const CLIENT_ALGORITHMS: readonly Algorithm[] = ['RS256', 'PS256', 'ES256', 'EdDSA'];
/** Every name by which an assertion may call one of them (RFC 8414 2). */
export const CLIENT_ALGORITHM_NAMES: readonly string[] = [...CLIENT_ALGORITHMS, 'Ed25519'];

/** Registered public keys, imported once and kept while they are used. */
export interface ClientKeys {
  /** The key, for exactly one algorithm; undefined when it is not fit to verify with. */
  importKey(jwk: PublicJwk): VerificationKey | undefined;
  size(): number;
}

/** What a key without `alg` is for: PS256 only if the key says so (RFC 8725 3.1: one key, one algorithm). */
const DEFAULT_ALGORITHM: Readonly<Record<string, Algorithm>> = { RSA: 'RS256', EC: 'ES256', OKP: 'EdDSA' };
const MAX_KEYS = 10_000;

/** Keeps the most recently used keys. */
export function createClientKeys(maxKeys: number = MAX_KEYS): ClientKeys {
  const imported = new Map<PublicJwk, VerificationKey | undefined>();
  return {
    importKey(jwk) {
      const known = imported.has(jwk);
      const key = known ? imported.get(jwk) : importForOneAlgorithm(jwk);
      imported.delete(jwk);
      imported.set(jwk, key);
      const oldest = imported.keys().next();
      if (imported.size > maxKeys && oldest.done !== true) imported.delete(oldest.value);
      return key;
    },
    size: () => imported.size,
  };
}

function importForOneAlgorithm(jwk: PublicJwk): VerificationKey | undefined {
  const wanted = algorithmNamed(jwk.alg ?? DEFAULT_ALGORITHM[jwk.kty]);
  const algorithm = CLIENT_ALGORITHMS.find((each) => each === wanted);
  if (algorithm === undefined) return undefined;
  try {
    const key = importVerificationKey(jwk);
    return key.algorithms.includes(algorithm) ? { ...key, algorithms: [algorithm] } : undefined;
  } catch {
    // The registrar refuses such keys; one that is there all the same verifies nothing.
    return undefined;
  }
}
