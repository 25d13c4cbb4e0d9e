import type { KeyWrapper } from '../../registry/key-wrapper.ts';
import type { SigningKeyStore } from '../../registry/signing-keys.ts';
import { resealed, USE } from './key-loading.ts';

const ATTEMPTS = 10;

/**
 * Seals every signing key anew under the first key-encryption key of the ring, so that the others can be let go; the number
 * of keys. Running servers need the whole ring before, or they go on with the set they have. Throws an Error, with nothing
 * changed, when a key opens with none of the ring.
 */
export async function rewrapSigningKeys(store: SigningKeyStore, ring: KeyWrapper): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const { version, keys } = await store.load(USE);
    if (keys.length === 0) return 0;
    const sealed = keys.map((key) => resealed(key, ring));
    if ((await store.save(USE, version, sealed)) === 'ok')
      return keys.filter(({ state }) => state !== 'revoked').length;
  }
  throw new Error('the signing keys are changed by others without end');
}
