import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** Seals private parts for storage. `unwrap` throws an Error when key, associated data or bytes do not fit. */
export interface KeyWrapper {
  /** Names the key-encryption key without telling it. */
  readonly id: string;
  wrap(plain: Uint8Array, aad: string): Buffer;
  unwrap(sealed: Uint8Array, aad: string): Buffer;
}

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** AES-256-GCM under a key-encryption key of 32 bytes: version byte, random nonce, ciphertext, tag (NIST SP 800-38D). Throws a RangeError for another length. */
export function createKeyWrapper(kek: Uint8Array): KeyWrapper {
  if (kek.length !== 32) throw new RangeError('a key-encryption key has 32 bytes');
  const key = Buffer.from(kek);
  return {
    id: createHash('sha256').update('fullmakt kek id').update(key).digest('hex').slice(0, 8),
    wrap(plain, aad) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      cipher.setAAD(Buffer.from(aad));
      return Buffer.concat([Buffer.of(VERSION), nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    unwrap(sealed, aad) {
      const bytes = Buffer.from(sealed);
      if (bytes[0] !== VERSION || bytes.length < 1 + NONCE_BYTES + TAG_BYTES) {
        throw new Error('not sealed by this key wrapper');
      }
      const nonce = bytes.subarray(1, 1 + NONCE_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(aad));
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(1 + NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    },
  };
}
