import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { generatePrivateJwk, importSigningKey, importVerificationKey } from '../oauth/jwk.ts';
import type { PrivateJwk, SigningKey, VerificationKey } from '../oauth/jwk.ts';
import { readIfThere, StateFileDamaged, writeWhole } from './files.ts';

/** One signing key of a persona with its self-signed certificate (base64 DER). */
export interface PersonaKey {
  readonly signing: SigningKey;
  readonly verification: VerificationKey;
  readonly certificate: string;
}

/** The keys a persona publishes; the first one signs, the others are there for clients to learn before they are used. */
export interface PersonaKeys {
  readonly current: PersonaKey;
  readonly published: readonly PersonaKey[];
}

/** How a persona names its keys: 43 random characters, or the certificate's SHA-1 thumbprint as Entra does. */
export type KeyNaming = 'random' | 'thumbprint';

interface StoredKey {
  readonly jwk: PrivateJwk;
  readonly x5c: string;
}

const KEY_COUNT = 2;

/** The keys of a persona (`keys/<persona>.json`, 0600): RSA-2048, made at first start. Throws StateFileDamaged. */
export async function loadKeys(options: {
  readonly stateDir: string;
  readonly persona: string;
  readonly naming: KeyNaming;
  readonly now: number;
}): Promise<PersonaKeys> {
  const file = join(options.stateDir, 'keys', `${options.persona}.json`);
  const text = await readIfThere(file);
  const stored = text === undefined ? await makeKeys(options) : readKeys(file, text);
  if (text === undefined) await writeWhole(file, `${JSON.stringify({ keys: stored }, undefined, 2)}\n`, 0o600);
  try {
    const [current, ...others] = stored.map(importKey);
    if (current === undefined) throw new Error('no key');
    return { current, published: [current, ...others] };
  } catch (error) {
    throw new StateFileDamaged(file, 'holds no usable keys', error);
  }
}

/** base64url SHA-1 of a certificate: `x5t` (RFC 7517 4.8). */
export function thumbprint(certificate: string): string {
  return createHash('sha1').update(Buffer.from(certificate, 'base64')).digest('base64url');
}

async function makeKeys(options: {
  readonly persona: string;
  readonly naming: KeyNaming;
  readonly now: number;
}): Promise<readonly StoredKey[]> {
  const { selfSign } = await import('./certificates.ts');
  const make = async (): Promise<StoredKey> => {
    const jwk = await generatePrivateJwk('RS256', randomBytes(32).toString('base64url'));
    const x5c = await selfSign(jwk, `Fullmakt local ${options.persona}`, options.now);
    return { jwk: options.naming === 'thumbprint' ? { ...jwk, kid: thumbprint(x5c) } : jwk, x5c };
  };
  return await Promise.all(Array.from({ length: KEY_COUNT }, make));
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
  return isRecord(value) && Array.isArray(value['keys']) && value['keys'].every(isStoredKey);
}

function isStoredKey(value: unknown): value is StoredKey {
  if (!isRecord(value) || typeof value['x5c'] !== 'string') return false;
  const jwk = value['jwk'];
  return isRecord(jwk) && ['kty', 'kid', 'd'].every((name) => typeof jwk[name] === 'string');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function importKey({ jwk, x5c }: StoredKey): PersonaKey {
  const signing = importSigningKey(jwk);
  return { signing, verification: importVerificationKey(signing.publicJwk), certificate: x5c };
}
