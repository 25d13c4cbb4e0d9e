import { createHash, timingSafeEqual } from 'node:crypto';

/** SHA-256 of a text: names a secret without being it. */
export function digest(text: string, encoding: 'base64url' | 'hex' = 'base64url'): string {
  return createHash('sha256').update(text).digest(encoding);
}

/** Whether two digests are the same; how long it takes tells nothing about where they differ. */
export function isSameDigest(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
