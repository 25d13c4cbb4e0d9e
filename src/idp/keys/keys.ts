import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { generatePrivateJwk, importSigningKey, importVerificationKey } from '../../oauth/jwk.ts';
import type { Algorithm } from '../../oauth/algorithms.ts';
import type { PrivateJwk, SigningKey, VerificationKey } from '../../oauth/jwk.ts';
import { isJsonObject } from '../../oauth/objects.ts';
import { readIfThere, StateFileDamaged, writeWhole } from '../state/files.ts';

/** One signing key of a persona with its self-signed certificate (base64 DER). */
export interface PersonaKey {
  readonly signing: SigningKey;
  readonly verification: VerificationKey;
  readonly certificate: string;
}

/** The keys of a running persona. Changes live in memory: the file is the state it starts with. */
export interface PersonaKeys {
  /** What its key document holds: of each algorithm the key that signs, and others for clients to learn before they are used. */
  readonly published: readonly PersonaKey[];
  /** The key that signs with an algorithm. Throws for one the persona has no key for. */
  signer(alg: Algorithm): PersonaKey;
  /** Makes a key of an algorithm without publishing it. */
  make(alg: Algorithm): Promise<PersonaKey>;
  /** Publishes a key; it does not sign yet. */
  add(key: PersonaKey): void;
  /** Lets a published key sign from now on. False when there is no such key. */
  promote(kid: string): boolean;
  /** Unpublishes a key that does not sign. False when there is no such key. */
  drop(kid: string): boolean;
  /** Back to the keys of the file. */
  reset(): void;
}

/** How a persona names its keys: 43 random characters, or the certificate's SHA-1 thumbprint as Entra does. */
export type KeyNaming = 'random' | 'thumbprint';

interface StoredKey {
  readonly jwk: PrivateJwk;
  readonly x5c: string;
}

/** Algorithms a persona signs with. */
export type KeyAlgorithm = 'RS256' | 'PS256' | 'ES256';

interface KeyOptions {
  readonly stateDir: string;
  readonly persona: string;
  readonly naming: KeyNaming;
  readonly algorithms: readonly KeyAlgorithm[];
  readonly now: number;
}

const KEYS_OF_AN_ALGORITHM = 2;

/** The keys of a persona (`keys/<persona>.json`, 0600): two of each algorithm, RSA-2048 or P-256, made at first start. Throws StateFileDamaged. */
export async function loadKeys(options: KeyOptions): Promise<PersonaKeys> {
  const file = join(options.stateDir, 'keys', `${options.persona}.json`);
  const text = await readIfThere(file);
  const stored = text === undefined ? await makeKeys(options) : readKeys(file, text);
  if (text === undefined) await writeWhole(file, `${JSON.stringify({ keys: stored }, undefined, 2)}\n`, 0o600);
  try {
    const keys = stored.map(importKey);
    for (const alg of options.algorithms) {
      if (!keys.some(({ signing }) => signing.alg === alg)) throw new Error(`no ${alg} key`);
    }
    return createKeys(keys, options);
  } catch (error) {
    throw new StateFileDamaged(file, 'holds no usable keys', error);
  }
}

/** base64url SHA-1 of a certificate: `x5t` (RFC 7517 4.8). */
export function thumbprint(certificate: string): string {
  return createHash('sha1').update(Buffer.from(certificate, 'base64')).digest('base64url');
}

function createKeys(start: readonly PersonaKey[], options: KeyOptions): PersonaKeys {
  const firstOf = (keys: readonly PersonaKey[]): Map<string, PersonaKey> =>
    new Map(keys.toReversed().map((key) => [key.signing.alg, key]));
  let published = start;
  let signers = firstOf(start);
  const find = (kid: string): PersonaKey | undefined => published.find(({ signing }) => signing.kid === kid);
  return {
    get published() {
      return published;
    },
    signer: (alg) => {
      const key = signers.get(alg);
      if (key === undefined) throw new TypeError(`${options.persona} has no ${alg} key`);
      return key;
    },
    make: async (alg) => importKey(await makeKey(keyAlgorithm(alg), options)),
    add: (key) => {
      published = [...published, key];
    },
    promote: (kid) => {
      const key = find(kid);
      if (key === undefined) return false;
      signers.set(key.signing.alg, key);
      return true;
    },
    drop: (kid) => {
      const key = find(kid);
      if (key === undefined || signers.get(key.signing.alg) === key) return false;
      published = published.filter((each) => each !== key);
      return true;
    },
    reset: () => {
      published = start;
      signers = firstOf(start);
    },
  };
}

async function makeKeys(options: KeyOptions): Promise<readonly StoredKey[]> {
  const wanted = options.algorithms.flatMap((alg) => Array.from({ length: KEYS_OF_AN_ALGORITHM }, () => alg));
  return await Promise.all(wanted.map((alg) => makeKey(alg, options)));
}

async function makeKey(alg: KeyAlgorithm, { persona, naming, now }: KeyOptions): Promise<StoredKey> {
  const { selfSign } = await import('./certificates.ts');
  const jwk = { ...(await generatePrivateJwk(alg, randomBytes(32).toString('base64url'))), alg };
  const x5c = await selfSign(jwk, `Fullmakt local ${persona}`, now);
  return { jwk: naming === 'thumbprint' ? { ...jwk, kid: thumbprint(x5c) } : jwk, x5c };
}

function keyAlgorithm(alg: Algorithm): KeyAlgorithm {
  const known = (['RS256', 'PS256', 'ES256'] as const).find((each) => each === alg);
  if (known === undefined) throw new TypeError(`no persona signs with ${alg}`);
  return known;
}

function readKeys(file: string, text: string): readonly StoredKey[] {
  try {
    const document: unknown = JSON.parse(text);
    if (isKeyFile(document)) return document.keys;
  } catch {
    // The reason may quote a private key; the file's name is enough.
  }
  throw new StateFileDamaged(file, 'not a key file');
}

function isKeyFile(value: unknown): value is { readonly keys: readonly StoredKey[] } {
  return isJsonObject(value) && Array.isArray(value['keys']) && value['keys'].every(isStoredKey);
}

function isStoredKey(value: unknown): value is StoredKey {
  if (!isJsonObject(value) || typeof value['x5c'] !== 'string') return false;
  const jwk = value['jwk'];
  return isJsonObject(jwk) && ['kty', 'kid', 'd'].every((name) => typeof jwk[name] === 'string');
}

function importKey({ jwk, x5c }: StoredKey): PersonaKey {
  const signing = importSigningKey(jwk);
  return { signing, verification: importVerificationKey(signing.publicJwk), certificate: x5c };
}
