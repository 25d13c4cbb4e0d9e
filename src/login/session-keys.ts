/** The keys that seal cookies when the operator gives none: made beside a sqlite store, or for one start only. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import type { LoginConfig } from './config.ts';
import { parseSessionKeys } from './setting-kinds.ts';

const KEY_BYTES = 32;

function keysBeside(file: string): readonly Uint8Array[] {
  const keyFile = `${file}.key`;
  try {
    // `wx` creates or fails: of two starts at once, one makes the key and both read it.
    writeFileSync(keyFile, randomBytes(KEY_BYTES).toString('base64'), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  return parseSessionKeys(readFileSync(keyFile, 'utf8'));
}

/**
 * The configuration with keys in it. Without configured keys: read from, or made in, a file beside a sqlite store
 * (mode 0600); with a memory store made up, and everybody is signed out by the next start.
 */
export function withSessionKeys(config: LoginConfig): {
  readonly config: LoginConfig;
  readonly warnings: readonly string[];
} {
  if (config.sessionKeys.length > 0) return { config, warnings: [] };
  if (config.store.kind === 'sqlite')
    return { config: { ...config, sessionKeys: keysBeside(config.store.file) }, warnings: [] };
  const warning = 'FULLMAKT_LOGIN_SESSION_KEYS is not set: sessions end with this process';
  return { config: { ...config, sessionKeys: [randomBytes(KEY_BYTES)] }, warnings: [warning] };
}
