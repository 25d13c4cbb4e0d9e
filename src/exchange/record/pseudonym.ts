import { createHash, createHmac, randomBytes } from 'node:crypto';

/** A stable name for a person that tells nothing about them to anyone without the key. */
export type Pseudonym = (...parts: readonly string[]) => string;

/** Keyed SHA-256 over length-prefixed parts, after the id of the key. Without a key the names hold for this run only. */
export function createPseudonym(key: string | undefined): Pseudonym {
  const secret = key === undefined ? randomBytes(32) : Buffer.from(key);
  const id = createHash('sha256').update('fullmakt audit key id').update(secret).digest('hex').slice(0, 6);
  return (...parts) => {
    const text = parts.map((part) => `${part.length}:${part}`).join('');
    return `h${id}:${createHmac('sha256', secret).update(text).digest('base64url').slice(0, 22)}`;
  };
}
