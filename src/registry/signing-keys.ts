import type { PublicJwk } from '../oauth/jwk.ts';

/** The life of an issuer's own signing key: published, signing, still verifying; or dead before its time. A key that is over is no row. */
type SigningKeyState = 'staged' | 'active' | 'retired' | 'revoked';

/** One signing key of an issuer. Times are seconds since the epoch; the private part is sealed by a KeyWrapper, and empty once revoked. */
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
  /** When it was told to make way, sooner than its age asks for. */
  readonly replaceAt?: number;
  readonly retiredAt?: number;
  readonly revokedAt?: number;
  /** The version of the set that first published it. */
  readonly stagedVersion?: number;
}

/** All keys of one use, with the number that a writer must name to replace them. An unknown use is version 0, no keys. */
export interface SigningKeySet {
  readonly version: number;
  readonly keys: readonly SigningKeyRow[];
  /** The clock of the store when it was read: seconds since the epoch. Whoever rotates goes by it. */
  readonly storeTime: number;
}

/** Keeps an issuer's key set; a write replaces the whole set if nobody else wrote since it was read. */
export interface SigningKeyStore {
  load(use: string): Promise<SigningKeySet>;
  /** `conflict` = another writer was first: load again. Throws RegistryUnavailable when the rows cannot be written. */
  save(use: string, expectedVersion: number, keys: readonly SigningKeyRow[]): Promise<'ok' | 'conflict'>;
  /** The numbers of the sets alone, for whoever looks often. */
  version(use: string): Promise<number>;
}

/** A key set store that ends with the process. */
export function createMemorySigningKeyStore(now: () => number): SigningKeyStore {
  const sets = new Map<string, Omit<SigningKeySet, 'storeTime'>>();
  const setOf = (use: string): Omit<SigningKeySet, 'storeTime'> => sets.get(use) ?? { version: 0, keys: [] };
  return {
    load: async (use) => ({ ...setOf(use), storeTime: now() }),
    version: async (use) => setOf(use).version,
    async save(use, expectedVersion, keys) {
      if (setOf(use).version !== expectedVersion) return 'conflict';
      sets.set(use, { version: expectedVersion + 1, keys: [...keys] });
      return 'ok';
    },
  };
}
