import { closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { createKeyWrapper } from '../registry/key-wrapper.ts';
import type { KeyWrapper } from '../registry/key-wrapper.ts';

const KEK_BYTES = 32;

/** The key-encryption key of a state folder cannot be used; nothing was changed. */
export class KeyEncryptionKeyUnusable extends Error {
  override readonly name = 'KeyEncryptionKeyUnusable';
}

/** The wrapper under the key in a file (32 bytes as hex, mode 0600), made once at the first start. Throws KeyEncryptionKeyUnusable; an existing file is never replaced. */
export function loadKeyWrapper(file: string): KeyWrapper {
  const kek = readKek(file) ?? createKek(file);
  return createKeyWrapper(kek);
}

function readKek(file: string): Buffer | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new KeyEncryptionKeyUnusable(`${file} cannot be read: ${String(error)}`, { cause: error });
  }
  if (/^[0-9a-f]{64}$/.test(text)) return Buffer.from(text, 'hex');
  throw new KeyEncryptionKeyUnusable(
    `${file} does not hold 32 bytes as hex; restore it, or move the state folder away`,
  );
}

/** Linked into place whole, so that neither a crash nor a second process leaves half a key. */
function createKek(file: string): Buffer {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    const handle = openSync(temporary, 'w', 0o600);
    writeFileSync(handle, `${randomBytes(KEK_BYTES).toString('hex')}\n`);
    fsyncSync(handle);
    closeSync(handle);
    linkSync(temporary, file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
      throw new KeyEncryptionKeyUnusable(`${file} cannot be made: ${String(error)}`, { cause: error });
    }
  } finally {
    rmSync(temporary, { force: true });
  }
  const kek = readKek(file);
  if (kek === undefined) throw new KeyEncryptionKeyUnusable(`${file} is gone`);
  return kek;
}
