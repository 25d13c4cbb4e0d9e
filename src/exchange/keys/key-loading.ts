import { generatePrivateJwk, importSigningKey, importVerificationKey, publicJwk } from '../../oauth/jwk.ts';
import type { PublicJwk, SigningKey, VerificationKey } from '../../oauth/jwk.ts';
import { parseStrictJson } from '../../oauth/strict-json.ts';
import type { KeyWrapper } from '../../registry/key-wrapper.ts';
import type { SigningKeyRow, SigningKeySet } from '../../registry/signing-keys.ts';
import type { KeyWish } from './key-rotation.ts';

/** Whose keys these are, in the store. */
export const USE = 'tokenx';

/** A key set in memory, replaced as a whole. */
export interface LoadedKeys {
  readonly set: SigningKeySet;
  /** Our clock when the set was read: what passes on it since then is added to the store's. */
  readonly readAt: number;
  /** The keys that sign or will, by `kid`. */
  readonly unsealed: ReadonlyMap<string, SigningKey>;
  /** The active keys by algorithm. */
  readonly signers: ReadonlyMap<string, SigningKey>;
  readonly verification: readonly VerificationKey[];
  readonly published: readonly PublicJwk[];
}

const KEY_TYPE_ORDER = ['RSA', 'EC', 'OKP'];

/**
 * Imports a set, RSA first; what was imported for an earlier one is used again. Throws an Error when a key that signs, or is
 * about to, was sealed with another key-encryption key.
 */
export function loadKeys(
  set: SigningKeySet,
  wrapper: KeyWrapper,
  { readAt, before }: { readonly readAt: number; readonly before: LoadedKeys | undefined },
): LoadedKeys {
  const shown = set.keys.filter((key) => key.state !== 'revoked').toSorted((a, b) => rank(a) - rank(b));
  const unsealed = new Map(
    shown.flatMap((row) =>
      row.state === 'retired' ? [] : [[row.kid, before?.unsealed.get(row.kid) ?? unseal(row, wrapper)] as const],
    ),
  );
  const active = shown.filter(({ state }) => state === 'active');
  const known = new Map(before?.verification.map((key) => [key.kid, key]));
  return {
    set,
    readAt,
    unsealed,
    signers: new Map(active.flatMap(({ kid, alg }) => entry(alg, unsealed.get(kid)))),
    verification: shown.map((row) => known.get(row.kid) ?? importVerificationKey(row.publicJwk)),
    published: shown.map((row) => ({ ...row.publicJwk, alg: row.alg, use: 'sig' })),
  };
}

function entry(alg: string, key: SigningKey | undefined): readonly (readonly [string, SigningKey])[] {
  return key === undefined ? [] : [[alg, key]];
}

/** Makes a key for the set of this version, sealed. `at` is seconds since the epoch, by the store's clock. */
export async function makeKey(
  wish: KeyWish,
  { wrapper, generate = generatePrivateJwk }: { wrapper: KeyWrapper; generate?: typeof generatePrivateJwk },
  from: { readonly version: number; readonly at: () => number },
): Promise<SigningKeyRow> {
  const jwk = await generate(wish.alg);
  const now = from.at();
  return {
    kid: jwk.kid,
    use: USE,
    alg: wish.alg,
    state: wish.state,
    publicJwk: publicJwk(jwk),
    sealedPrivate: wrapper.wrap(Buffer.from(JSON.stringify(jwk)), sealedAs(jwk.kid, wish.alg)),
    createdAt: now,
    stagedAt: now,
    stagedVersion: from.version,
    ...(wish.state === 'active' ? { activatedAt: now } : {}),
  };
}

/** The same key under the first key-encryption key of the ring. Throws when the ring does not hold the one it is under. */
export function resealed(row: SigningKeyRow, ring: KeyWrapper): SigningKeyRow {
  // Revoked keys, and imported ones, which never had it here.
  if (row.sealedPrivate.length === 0) return row;
  return { ...row, sealedPrivate: ring.wrap(open(row, ring), sealedAs(row.kid, row.alg)) };
}

function unseal(row: SigningKeyRow, wrapper: KeyWrapper): SigningKey {
  return importSigningKey(parseStrictJson(open(row, wrapper)));
}

function open({ kid, alg, sealedPrivate }: SigningKeyRow, wrapper: KeyWrapper): Buffer {
  try {
    return wrapper.unwrap(sealedPrivate, sealedAs(kid, alg));
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    const message = `the signing key ${kid} was sealed with another key-encryption key: restore that key (${said})`;
    throw new Error(message, { cause });
  }
}

/** A sealed key opens only as what it was sealed as. */
function sealedAs(kid: string, alg: string): string {
  return `fullmakt ${USE} signing-key ${kid} ${alg}`;
}

/** Some consumers drop a whole set over a key type they do not know: RSA comes first. */
function rank(row: SigningKeyRow): number {
  return KEY_TYPE_ORDER.indexOf(row.publicJwk.kty);
}
