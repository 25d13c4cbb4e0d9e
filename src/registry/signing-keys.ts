import type { PublicJwk } from '../oauth/jwk.ts';

/** The life of an issuer's own signing key: published, signing, still verifying, gone. */
type SigningKeyState = 'staged' | 'active' | 'retired' | 'deleted';

/** One signing key of an issuer. Times are seconds since the epoch; the private part is sealed by a KeyWrapper. */
export interface SigningKeyRow {
  readonly kid: string;
  /** Whose key: `tokenx` and the like. */
  readonly use: string;
  readonly alg: string;
  readonly state: SigningKeyState;
  readonly publicJwk: PublicJwk;
  readonly sealedPrivate: Buffer;
  readonly createdAt: number;
  readonly stagedAt?: number;
  readonly activatedAt?: number;
  readonly retiredAt?: number;
}

/** All keys of one use, with the number that a writer must name to replace them. An unknown use is version 0, no keys. */
export interface SigningKeySet {
  readonly version: number;
  readonly keys: readonly SigningKeyRow[];
}

/** Keeps an issuer's key set; a write replaces the whole set if nobody else wrote since it was read. */
export interface SigningKeyStore {
  load(use: string): SigningKeySet;
  /** `conflict` = another writer was first: load again. Throws RegistryUnavailable when the rows cannot be written. */
  save(use: string, expectedVersion: number, keys: readonly SigningKeyRow[]): 'ok' | 'conflict';
}

/** A key set store that ends with the process. */
export function createMemorySigningKeyStore(): SigningKeyStore {
  const sets = new Map<string, SigningKeySet>();
  const load = (use: string): SigningKeySet => sets.get(use) ?? { version: 0, keys: [] };
  return {
    load,
    save(use, expectedVersion, keys) {
      if (load(use).version !== expectedVersion) return 'conflict';
      sets.set(use, { version: expectedVersion + 1, keys: [...keys] });
      return 'ok';
    },
  };
}
