import { readFileSync } from 'node:fs';
import { ALL_ALGORITHMS } from '../../src/oauth/algorithms.ts';
import { DocumentUnavailable } from '../../src/oauth/document.ts';
import { importVerificationKey, type VerificationKey } from '../../src/oauth/jwk.ts';
import { parseJwks } from '../../src/oauth/jwks.ts';
import { JoseError, parseCompactJws, verifySignature } from '../../src/oauth/jws.ts';
import { KeyRefused } from '../../src/oauth/key-material.ts';
import { readVectors } from '../vectors.ts';

interface Jwk {
  readonly kty: string;
  readonly [member: string]: unknown;
}

export interface JwsCase {
  readonly tcId: number;
  readonly comment: string;
  readonly jws?: string;
  readonly result: 'valid' | 'invalid' | 'acceptable';
}

export interface JwsGroup {
  readonly comment: string;
  readonly private?: Jwk;
  readonly public?: Jwk;
  readonly tests: readonly JwsCase[];
}

export interface Reasoned {
  readonly why: string;
  readonly tcIds: readonly number[];
}

export interface Differences {
  readonly json_web_signature_test: {
    readonly validButRefused: readonly Reasoned[];
    /** Refused by what stands on the parser: in the SDK with the payload, in the sidecar before the key is looked for. */
    readonly withoutPayload: Reasoned;
    readonly wellFormedThoughInvalid: readonly number[];
    readonly refusedByTheParserAlone: readonly number[];
    readonly refusedForTheirHeader: readonly number[];
  };
  readonly json_web_key_test: { readonly validButRefused: readonly Reasoned[] };
  readonly json_web_crypto_test: { readonly validButRefused: readonly Reasoned[] };
  readonly rsa_signature_2048_sha256_test: {
    readonly acceptableButRefused: number;
    readonly refusedAtKeyImport: readonly number[];
  };
}

/** The committed list of cases where our verdict is not the label. Held to reality both ways by the tests. */
export function readDifferences(): Differences {
  return JSON.parse(readFileSync(new URL('differences.json', import.meta.url), 'utf8'));
}

export function readGroups(file: string): readonly JwsGroup[] {
  return readVectors<{ readonly testGroups: readonly JwsGroup[] }>('wycheproof', `${file}.json`).testGroups;
}

/** The key set of a group: its public half where there is one. */
export function documentOf(group: JwsGroup): unknown {
  const source = group.public ?? group.private;
  return source !== undefined && 'keys' in source ? source : { keys: [source] };
}

/** The usable keys of a group, read as any key set is. */
export function keysOf(group: JwsGroup): readonly VerificationKey[] {
  try {
    return parseJwks(documentOf(group)).keys;
  } catch (error) {
    if (error instanceof DocumentUnavailable || error instanceof KeyRefused) return [];
    throw error;
  }
}

/** Steps 1, 2 and 5 to 8 of the one verifier, with every algorithm there is. Anything thrown but a refusal is a bug. */
export function accepts(token: unknown, keys: readonly VerificationKey[]): boolean {
  try {
    const jws = parseCompactJws(token);
    return keys.some(
      (key) =>
        (jws.header.kid === undefined || key.kid === jws.header.kid) &&
        ALL_ALGORITHMS.some((name) => name === jws.header.alg) &&
        verifySignature(jws, key),
    );
  } catch (error) {
    if (error instanceof JoseError) return false;
    throw error;
  }
}

export function isWellFormed(token: unknown): boolean {
  try {
    parseCompactJws(token);
    return true;
  } catch (error) {
    if (error instanceof JoseError) return false;
    throw error;
  }
}

/** Imports a key, or nothing if it is refused. */
export function importOrNothing(jwk: unknown): VerificationKey | undefined {
  try {
    return importVerificationKey(jwk);
  } catch (error) {
    if (error instanceof KeyRefused) return undefined;
    throw error;
  }
}
