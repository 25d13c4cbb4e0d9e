import type { PublicJwk } from '../../oauth/jwk.ts';
import { isJsonObject } from '../../oauth/objects.ts';
import type { SigningKeyRow, SigningKeySet, SigningKeyStore } from '../../registry/signing-keys.ts';
import type { Rejected } from './compat-import.ts';
import { USE } from '../keys/key-loading.ts';
import { parseClientKeys } from '../registration/registration-keys.ts';

/** Keys that another server signed with, as retired keys of ours. */
export interface ImportedKeys {
  readonly rows: readonly SigningKeyRow[];
  readonly unchanged: readonly string[];
  readonly rejected: readonly Rejected[];
}

const ATTEMPTS = 10;

/**
 * The public keys of the server whose place is taken: published and good to verify with as long as every retired key is, and never
 * signing, for nobody has their private part. A kid that is here already, revoked ones too, stays as it is. Pure. Throws an Error
 * when it is no key set.
 */
export function importLegacyKeys(jwks: unknown, { keys, storeTime }: SigningKeySet): ImportedKeys {
  if (!isJsonObject(jwks) || !Array.isArray(jwks['keys'])) throw new Error('not a key set (RFC 7517)');
  const rows: SigningKeyRow[] = [];
  const unchanged: string[] = [];
  const rejected: Rejected[] = [];
  for (const [index, value] of jwks['keys'].entries()) {
    const read = readKey(value);
    if (typeof read === 'string') rejected.push({ what: `keys[${index}]`, reason: read });
    else if ([...keys, ...rows].some(({ kid }) => kid === read.kid)) unchanged.push(read.kid);
    else rows.push(retired(read, storeTime));
  }
  return { rows, unchanged, rejected };
}

/** Adds them to the set. Rejects when the store does not answer. */
export async function writeLegacyKeys(store: SigningKeyStore, jwks: unknown): Promise<ImportedKeys> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    // oxlint-disable-next-line no-await-in-loop -- each attempt goes by what the others wrote meanwhile
    const set = await store.load(USE);
    const imported = importLegacyKeys(jwks, set);
    if (imported.rows.length === 0) return imported;
    // oxlint-disable-next-line no-await-in-loop -- see above
    if ((await store.save(USE, set.version, [...set.keys, ...imported.rows])) === 'ok') return imported;
  }
  throw new Error('the signing keys are changed by others without end');
}

function readKey(value: unknown): PublicJwk | string {
  try {
    const [key] = parseClientKeys([value]);
    if (key === undefined) return 'not a key';
    return key.kty === 'RSA' ? key : 'only RSA keys are known of such a server';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function retired(key: PublicJwk, at: number): SigningKeyRow {
  return {
    kid: key.kid,
    use: USE,
    alg: key.alg ?? 'RS256',
    state: 'retired',
    publicJwk: key,
    sealedPrivate: Buffer.alloc(0),
    createdAt: at,
    retiredAt: at,
  };
}
