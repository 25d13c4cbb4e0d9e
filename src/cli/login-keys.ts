import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  unwatchFile,
  watchFile,
  writeFileSync,
} from 'node:fs';
import { resolve } from 'node:path';
import type { LoginConfig, LoginServer } from '../login/config.ts';
import { parseSessionKeys } from '../login/settings/kinds.ts';
import { storeFile, storeKind } from '../login/settings/store-url.ts';
import type { Notice } from './notices.ts';

/** Session keys that cannot be read or made; the message names the file. */
class SessionKeysUnusable extends Error {
  readonly exitCode: number = 78;
}

const KEY_BYTES = 32;
const LOOK_MILLISECONDS = 1000;

/**
 * The keys that seal: those of the settings, those of their file, the one kept beside an sqlite file (made at the first start,
 * mode 0600), or for sessions in memory a random one. Throws SessionKeysUnusable.
 */
export function findSessionKeys(config: LoginConfig, server: LoginServer, cwd: string): readonly Uint8Array[] {
  if (config.sessionKeys.length > 0) return config.sessionKeys;
  if (server.sessionKeysFile !== undefined) return readKeysFile(resolve(cwd, server.sessionKeysFile));
  if (storeKind(server.store) !== 'sqlite') return [randomBytes(KEY_BYTES)];
  const file = `${resolve(cwd, storeFile(server.store))}.key`;
  return isThere(file) ? readKeysFile(file) : makeKey(file);
}

/** Reads a file of keys, one a line. Throws SessionKeysUnusable, which shows nothing of what the file holds. */
export function readKeysFile(file: string): readonly Uint8Array[] {
  const lines = readText(file)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  try {
    return parseSessionKeys(lines.join(','));
  } catch (error) {
    throw new SessionKeysUnusable(
      `${file} does not hold keys, one a line: expected ${String(error).replace(/^Error: /, '')}`,
    );
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new SessionKeysUnusable(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function isThere(file: string): boolean {
  try {
    readFileSync(file);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ENOENT');
  }
}

/** Linked into place whole, so that neither a crash nor a second process leaves half a key. */
function makeKey(file: string): readonly Uint8Array[] {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    const handle = openSync(temporary, 'w', 0o600);
    writeFileSync(handle, `${randomBytes(KEY_BYTES).toString('base64')}\n`);
    fsyncSync(handle);
    closeSync(handle);
    linkSync(temporary, file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST'))
      throw new SessionKeysUnusable(
        `${file} cannot be made: ${error instanceof Error ? error.message : String(error)}`,
      );
  } finally {
    rmSync(temporary, { force: true });
  }
  return readKeysFile(file);
}

/** Keys that may change while the program runs. */
export interface WatchedKeys {
  /** Reads the file again now, whatever it looks like. */
  again(): void;
  close(): void;
}

/** Tells of new keys when their file changes. What cannot be used is said and leaves the keys as they are. */
export function watchKeysFile(
  path: string,
  changed: (keys: readonly Uint8Array[]) => void,
  notice: Notice,
): WatchedKeys {
  const again = (): void => {
    try {
      const keys = readKeysFile(path);
      changed(keys);
      notice(`${path}: ${keys.length} session keys in force`, 'info');
    } catch (error) {
      notice(`${error instanceof Error ? error.message : String(error)}; the keys stay as they were`);
    }
  };
  // By looking, as notifications do not survive the swapped links that platforms mount secrets with.
  watchFile(path, { interval: LOOK_MILLISECONDS, persistent: false }, again);
  return { again, close: () => unwatchFile(path, again) };
}
