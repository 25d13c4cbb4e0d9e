import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** Seals private parts for storage. `unwrap` throws an Error when key, associated data or bytes do not fit. */
export interface KeyWrapper {
  /** Names the key-encryption key that seals, without telling it. */
  readonly id: string;
  wrap(plain: Uint8Array, aad: string): Buffer;
  unwrap(sealed: Uint8Array, aad: string): Buffer;
}

/** A key-encryption key of 32 bytes. Without an id it is named by a hash of itself. */
export interface KeyEncryptionKey {
  readonly id?: string;
  readonly key: Uint8Array;
}

interface Named {
  readonly id: string;
  readonly key: Buffer;
}

/** Version 1 did not say which key it was sealed with; 2 is followed by the length of that key's id, and the id. */
const UNNAMED = 1;
const NAMED = 2;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ID = /^[A-Za-z0-9._-]{1,64}$/;

/** A ring of one key. Throws a RangeError for a key of another length. */
export function createKeyWrapper(kek: Uint8Array): KeyWrapper {
  return createKeyRing([{ key: kek }]);
}

/**
 * AES-256-GCM under key-encryption keys: version byte, id, random nonce, ciphertext, tag (NIST SP 800-38D). The first key
 * seals; all of them open. Throws a RangeError for no key, a key of another length, an id that is no word, or one id twice.
 */
export function createKeyRing(keys: readonly KeyEncryptionKey[]): KeyWrapper {
  const ring = keys.map(named);
  const [first] = ring;
  if (first === undefined) throw new RangeError('there is no key-encryption key');
  if (new Set(ring.map(({ id }) => id)).size < ring.length) throw new RangeError('two key-encryption keys have one id');
  return {
    id: first.id,
    wrap(plain, aad) {
      const id = Buffer.from(first.id);
      return Buffer.concat([Buffer.of(NAMED, id.length), id, seal(first.key, plain, aad)]);
    },
    unwrap(sealed, aad) {
      const bytes = Buffer.from(sealed);
      if (bytes[0] === UNNAMED) return openWithAny(ring, bytes.subarray(1), aad);
      const { id, box } = readNamed(bytes);
      const kek = ring.find((each) => each.id === id);
      if (kek === undefined) {
        const known = ring.map((each) => each.id).join(', ');
        throw new Error(`sealed with the key-encryption key ${id}, which is not among those given (${known})`);
      }
      return open(kek.key, box, aad);
    },
  };
}

function named({ id, key }: KeyEncryptionKey): Named {
  if (key.length !== KEY_BYTES) throw new RangeError(`a key-encryption key has ${KEY_BYTES} bytes`);
  if (id !== undefined && !ID.test(id))
    throw new RangeError('the id of a key-encryption key is a word of 1 to 64 letters');
  const bytes = Buffer.from(key);
  return {
    id: id ?? createHash('sha256').update('fullmakt kek id').update(bytes).digest('hex').slice(0, 8),
    key: bytes,
  };
}

function readNamed(bytes: Buffer): { readonly id: string; readonly box: Buffer } {
  const end = 2 + (bytes[1] ?? 0);
  const id = bytes.subarray(2, end).toString('latin1');
  if (bytes[0] !== NAMED || !ID.test(id)) throw new Error('not sealed by this key wrapper');
  return { id, box: bytes.subarray(end) };
}

function openWithAny(ring: readonly Named[], box: Buffer, aad: string): Buffer {
  for (const { key } of ring) {
    try {
      return open(key, box, aad);
    } catch {
      // The next one may be it.
    }
  }
  throw new Error('sealed with a key-encryption key that is not among those given');
}

function seal(key: Buffer, plain: Uint8Array, aad: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(aad));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function open(key: Buffer, box: Buffer, aad: string): Buffer {
  if (box.length < NONCE_BYTES + TAG_BYTES) throw new Error('not sealed by this key wrapper');
  const decipher = createDecipheriv('aes-256-gcm', key, box.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(aad));
  decipher.setAuthTag(box.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(box.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
}
