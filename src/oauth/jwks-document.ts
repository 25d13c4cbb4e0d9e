import { type Algorithm, isAlgorithm } from './algorithms.ts';
import { DocumentUnavailable } from './document.ts';
import { importVerificationKey, type VerificationKey } from './jwk.ts';
import { KeyRefused } from './key-material.ts';
import { isJsonObject } from './objects.ts';

const MAX_KEYS = 100;

/**
 * Reads a JWK Set (RFC 7517 section 5). Keys that cannot be used are left out and named in `skipped`, as are two different keys under
 * one `kid` and, unless `allowMissingKid`, keys without one. Keys without `alg` are for `fallbackAlgorithm` if they can do it. Throws DocumentUnavailable if it is no set or holds over 100 keys.
 */
export function parseJwks(
  document: unknown,
  options: { readonly allowMissingKid?: boolean; readonly fallbackAlgorithm?: Algorithm | undefined } = {},
): { readonly keys: readonly VerificationKey[]; readonly skipped: readonly string[] } {
  const members = isJsonObject(document) ? document['keys'] : undefined;
  if (!Array.isArray(members)) throw new DocumentUnavailable('not a JWK Set');
  if (members.length > MAX_KEYS) throw new DocumentUnavailable(`more than ${MAX_KEYS} keys`);
  const keys: VerificationKey[] = [];
  const skipped: string[] = [];
  for (const [index, jwk] of members.entries()) {
    const key = importOrReason(jwk, options.fallbackAlgorithm);
    if (typeof key === 'string') skipped.push(`key ${index}: ${key}`);
    else if (key.kid === undefined && options.allowMissingKid !== true) skipped.push(`key ${index}: kid is missing`);
    else keys.push(key);
  }
  return withoutAmbiguous(keys, skipped);
}

function importOrReason(jwk: unknown, fallback: Algorithm | undefined): VerificationKey | string {
  try {
    const key = importVerificationKey(jwk);
    const isSilent = isJsonObject(jwk) && jwk['alg'] === undefined;
    // A key of another type can do nothing but what its type can.
    return isSilent && fallback !== undefined && key.algorithms.includes(fallback)
      ? { ...key, algorithms: [fallback] }
      : key;
  } catch (error) {
    if (error instanceof KeyRefused) return error.message;
    throw error;
  }
}

/** One `kid` for two different keys says nothing about either: both go. The same key twice stays once. */
export function withoutAmbiguous(
  all: readonly VerificationKey[],
  skipped: readonly string[],
): { readonly keys: readonly VerificationKey[]; readonly skipped: readonly string[] } {
  const keys: VerificationKey[] = [];
  const reasons = [...skipped];
  for (const key of all) {
    const twins = key.kid === undefined ? [key] : all.filter((other) => other.kid === key.kid);
    if (!twins.every((twin) => isSameKey(twin, key))) reasons.push('a key: another key has the same kid');
    else if (twins[0] === key) keys.push(key);
  }
  return { keys, skipped: reasons };
}

/** Whether two entries are one key, for the same algorithms, under the same id. */
export function isSameKey(one: VerificationKey, other: VerificationKey): boolean {
  return one.kid === other.kid && one.algorithms.join() === other.algorithms.join() && one.key.equals(other.key);
}

/** With a `kid` the keys of that name, whatever their algorithm; without one all that can do the algorithm. */
export function selectKeys(
  keys: readonly VerificationKey[],
  kid: string | undefined,
  algorithm: string,
): readonly VerificationKey[] {
  if (kid !== undefined) return keys.filter((key) => key.kid === kid);
  return isAlgorithm(algorithm) ? keys.filter((key) => key.algorithms.includes(algorithm)) : [];
}
