import { createHash } from 'node:crypto';
import { importVerificationKey } from '../../oauth/jwk.ts';
import type { PublicJwk, VerificationKey } from '../../oauth/jwk.ts';
import { stringClaim } from '../../oauth/jwt.ts';
import { KeyRefused } from '../../oauth/key-material.ts';

/** Base64url thumbprints of the certificate a key came with (RFC 7515 4.1.7, 4.1.8). */
interface Thumbprints {
  readonly sha1: string | undefined;
  readonly sha256: string | undefined;
}

/** Registered keys, ready for use. */
export interface ClientKeys {
  /** The key, whatever `alg` it was registered with: providers register keys, not algorithms. Undefined for one that is too weak or no key at all. */
  imported(jwk: PublicJwk): VerificationKey | undefined;
  thumbprints(jwk: PublicJwk): Thumbprints;
}

/**
 * Imports each registered key once. A row is never changed in place, so a key is known by its object; a changed client brings new
 * objects, and the old ones are forgotten with it.
 */
export function createClientKeys(): ClientKeys {
  const imported = new WeakMap<PublicJwk, { readonly key: VerificationKey | undefined }>();
  const thumbprints = new WeakMap<PublicJwk, Thumbprints>();
  return {
    imported: (jwk) => {
      const known = imported.get(jwk) ?? { key: importUsable(jwk) };
      imported.set(jwk, known);
      return known.key;
    },
    thumbprints: (jwk) => {
      const known = thumbprints.get(jwk) ?? thumbprintsOf(jwk);
      thumbprints.set(jwk, known);
      return known;
    },
  };
}

function importUsable(jwk: PublicJwk): VerificationKey | undefined {
  const { alg: _, ...material } = jwk;
  try {
    return importVerificationKey(material);
  } catch (error) {
    if (error instanceof KeyRefused) return undefined;
    throw error;
  }
}

function thumbprintsOf(key: PublicJwk): Thumbprints {
  const chain = key['x5c'];
  const first: unknown = Array.isArray(chain) ? chain[0] : undefined;
  const der = typeof first === 'string' ? Buffer.from(first, 'base64') : undefined;
  const hash = (name: string): string | undefined =>
    der === undefined ? undefined : createHash(name).update(der).digest('base64url');
  return {
    sha1: stringClaim(key, 'x5t') ?? hash('sha1'),
    sha256: stringClaim(key, 'x5t#S256') ?? hash('sha256'),
  };
}
