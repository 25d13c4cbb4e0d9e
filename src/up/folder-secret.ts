import { readFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';

/** A secret of this folder: 32 random bytes made at first use, kept as base64 in a file of mode 0600. */
export function folderSecret(file: string): string {
  try {
    return readSecret(file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    const secret = randomBytes(32).toString('base64');
    writeFileSync(file, `${secret}\n`, { mode: 0o600, flag: 'wx' });
    return secret;
  }
}

function readSecret(file: string): string {
  const text = readFileSync(file, 'utf8').trim();
  if (Buffer.from(text, 'base64').length === 32) return text;
  throw new Error(
    `${file} is damaged: it should hold 32 bytes in base64. Put it back from a copy; moving it away signs everybody out`,
  );
}
