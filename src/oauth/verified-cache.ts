import { hash } from 'node:crypto';
import type { KeySet } from './jwks.ts';
import { type Claims, numberClaim } from './jwt.ts';
import { type Clock, MINUTE } from './time.ts';

/** How much is remembered, and for how long. */
export interface VerifiedCacheOptions {
  readonly now: Clock;
  /** 10,000 unless given. */
  readonly maxEntries?: number;
  /** 32 MiB unless given; what an entry takes is said by whoever keeps it. */
  readonly maxBytes?: number;
  /** Seconds; 60 unless given. */
  readonly maxAgeSeconds?: number;
}

/** A token that passed every check of a policy, and what came of it. Whoever gets `value` must not be able to change it. */
interface Verified<V> {
  readonly value: V;
  readonly claims: Claims;
  /** The keys it was verified with. */
  readonly keySet: KeySet;
  /** About how much memory `value` takes. */
  readonly bytes: number;
}

/** Tokens that were verified a moment ago; refusals never get here. */
export interface VerifiedCache<V> {
  /** The name of a token under a policy (see {@link policyFingerprint}); undefined for what cannot be a token. */
  keyOf(policy: string, token: string): string | undefined;
  /** What was kept, if time and keys still allow it. */
  find(key: string): V | undefined;
  keep(key: string, verified: Verified<V>): void;
  size(): { readonly entries: number; readonly bytes: number };
  close(): void;
}

interface Entry<V> {
  readonly value: V;
  readonly bytes: number;
  readonly keySet: KeySet;
  readonly standing: object;
  /** Seconds since the epoch: the token is good from one to, not including, the other. */
  readonly from: number;
  readonly until: number;
  readonly keptAt: number;
}

const VERSION = 1;
const MAX_ENTRIES = 10_000;
const MAX_BYTES = 32 * 1024 * 1024;
const MAX_TOKEN_CHARACTERS = 16_384;
const MAX_BYTES_OF_CHARACTER = 3;
const FINGERPRINT_CHARACTERS = 43;
/** What the entry itself and its place in the list take, beside the value. */
const ENTRY_BYTES = 256;

/** Everything a verdict depends on beside token, keys and time, in 43 characters; `policy` is what JSON makes of it. */
export function policyFingerprint(policy: unknown): string {
  return hash('sha256', JSON.stringify([VERSION, policy]), 'base64url');
}

/**
 * Remembers verdicts by SHA-256 of policy and token. Each hit looks at the clock and at the keys again: nothing is found before `nbf` or
 * `iat`, from `exp` on, past the greatest age, or once a key has gone. The oldest leave first.
 */
export function createVerifiedCache<V>(options: VerifiedCacheOptions): VerifiedCache<V> {
  const { now, maxEntries = MAX_ENTRIES, maxBytes = MAX_BYTES, maxAgeSeconds = MINUTE } = options;
  const entries = new Map<string, Entry<V>>();
  // Policy and token are laid side by side here: a hash over two pieces costs twice as much.
  const side = Buffer.alloc(FINGERPRINT_CHARACTERS + MAX_TOKEN_CHARACTERS * MAX_BYTES_OF_CHARACTER);
  let written = '';
  let view = side;
  let bytes = 0;

  function drop(key: string, entry: Entry<V>): void {
    entries.delete(key);
    bytes -= entry.bytes;
  }

  /** All live equally long, so the first in the list is the oldest. */
  function makeRoom(): void {
    for (const [key, entry] of entries) {
      const expired = now() - entry.keptAt > maxAgeSeconds;
      if (!expired && entries.size <= maxEntries && bytes <= maxBytes) return;
      drop(key, entry);
    }
  }

  return {
    keyOf(policy, token) {
      if (token.length > MAX_TOKEN_CHARACTERS || policy.length !== FINGERPRINT_CHARACTERS) return undefined;
      if (policy !== written) side.write(policy, 0, 'latin1');
      written = policy;
      // A character that takes more than a byte is in no token.
      if (side.write(token, FINGERPRINT_CHARACTERS, 'utf8') !== token.length) return undefined;
      const end = FINGERPRINT_CHARACTERS + token.length;
      // Tokens of one issuer are mostly equally long.
      if (view.length !== end) view = side.subarray(0, end);
      return hash('sha256', view, 'base64url');
    },
    find(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      const time = now();
      const age = time - entry.keptAt;
      const standing = entry.keySet.standing();
      const isTimely = age >= 0 && age <= maxAgeSeconds && time >= entry.from && time < entry.until;
      if (isTimely && standing === entry.standing) return entry.value;
      // All checks once more; if they pass again it comes back.
      drop(key, entry);
      return undefined;
    },
    keep(key, { value, claims, keySet, bytes: size }) {
      const standing = keySet.standing();
      const until = numberClaim(claims, 'exp');
      if (standing === undefined || until === undefined) return;
      const from = Math.max(numberClaim(claims, 'nbf') ?? 0, numberClaim(claims, 'iat') ?? 0);
      const before = entries.get(key);
      if (before !== undefined) drop(key, before);
      const entry = { value, bytes: size + ENTRY_BYTES, keySet, standing, from, until, keptAt: now() };
      entries.set(key, entry);
      bytes += entry.bytes;
      makeRoom();
    },
    size: () => ({ entries: entries.size, bytes }),
    close() {
      entries.clear();
      bytes = 0;
    },
  };
}
