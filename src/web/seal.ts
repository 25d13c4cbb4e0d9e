import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

/** Seals small values so that only we can read or make them: cookies, links, anything a browser keeps for us. */
export interface Sealer {
  /** Base64url of version 1, key id 4, nonce 12, AES-256-GCM ciphertext and tag 16; bound to the purpose and to `aad`. */
  seal(purpose: string, plain: Uint8Array, aad?: string): string;
  /** The plain value, or nothing when it was not sealed by a key of ours for this purpose and `aad`. Never throws. */
  open(purpose: string, sealed: string, aad?: string): Buffer | undefined;
}

/** One whose key ring can change while it is in use. */
export interface KeyedSealer extends Sealer {
  /** Another key ring from now on. Throws as {@link createSealer} does, and then nothing has changed. */
  readonly replace: (keys: readonly Uint8Array[]) => void;
}

const VERSION = 1;
const KEY_BYTES = 32;
const KEY_ID_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES: number = 1 + KEY_ID_BYTES + NONCE_BYTES;

/** A sealer over a key ring of 32-byte keys: the first seals, all open. Throws when a key has another length or none is given. */
export function createSealer(keys: readonly Uint8Array[]): KeyedSealer {
  let { first, ring } = createRing(keys);
  return {
    replace(fresh) {
      ({ first, ring } = createRing(fresh));
    },
    seal(purpose, plain, aad = '') {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', first.subkey(purpose), nonce);
      cipher.setAAD(boundTo(purpose, aad));
      const parts = [Buffer.of(VERSION), first.id, nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()];
      return Buffer.concat(parts).toString('base64url');
    },
    open(purpose, sealed, aad = '') {
      const bytes = Buffer.from(sealed, 'base64url');
      // One value has one spelling: what decodes from any other is refused.
      if (bytes.toString('base64url') !== sealed) return undefined;
      if (bytes.length < HEADER_BYTES + TAG_BYTES || bytes[0] !== VERSION) return undefined;
      const id = bytes.subarray(1, 1 + KEY_ID_BYTES);
      for (const key of ring) {
        const plain = key.id.equals(id) ? decrypt(key.subkey(purpose), bytes, boundTo(purpose, aad)) : undefined;
        if (plain !== undefined) return plain;
      }
      return undefined;
    },
  };
}

interface RingKey {
  readonly id: Buffer;
  readonly subkey: (purpose: string) => Buffer;
}

function createRing(keys: readonly Uint8Array[]): { readonly first: RingKey; readonly ring: readonly RingKey[] } {
  const ring = keys.map(createRingKey);
  const [first] = ring;
  if (first === undefined) throw new Error('a key ring needs at least one key');
  return { first, ring };
}

function createRingKey(key: Uint8Array): RingKey {
  if (key.length !== KEY_BYTES) throw new Error(`a sealing key has ${KEY_BYTES} bytes`);
  const secret = Buffer.from(key);
  const subkeys = new Map<string, Buffer>();
  return {
    id: createHash('sha256').update(secret).digest().subarray(0, KEY_ID_BYTES),
    subkey(purpose) {
      const known = subkeys.get(purpose);
      if (known !== undefined) return known;
      const made = Buffer.from(hkdfSync('sha256', secret, '', `fullmakt seal ${purpose}`, KEY_BYTES));
      subkeys.set(purpose, made);
      return made;
    },
  };
}

function boundTo(purpose: string, aad: string): Buffer {
  return Buffer.from(`${purpose}\0${aad}`);
}

function decrypt(key: Buffer, bytes: Buffer, aad: Buffer): Buffer | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(HEADER_BYTES - NONCE_BYTES, HEADER_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(aad);
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  try {
    const plain = decipher.update(bytes.subarray(HEADER_BYTES, bytes.length - TAG_BYTES));
    // Of GCM nothing is left at the end; what is done here is the check of the tag.
    decipher.final();
    return plain;
  } catch {
    return undefined;
  }
}
