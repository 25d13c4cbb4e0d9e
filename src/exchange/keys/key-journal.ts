import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod';
import { parseStrictJson } from '../../oauth/strict-json.ts';

/** The keys that were revoked, remembered outside the registry: a restored backup of it revives none of them. */
export interface KeyJournal {
  readonly kids: ReadonlySet<string>;
  /** Remembers a key as dead, and is on the disk when it returns. Throws when it cannot be; the key counts as dead all the same. */
  add(kid: string, reason: string, at: number): void;
}

const line = z.object({ kid: z.string().min(1).optional() });

/**
 * Reads `revocations.jsonl`; without a file only the process remembers. A last line that a crash cut short is passed over;
 * throws an Error for a file that cannot be read or is damaged before its end, since a dead key may have stood there.
 */
export function openKeyJournal(file: string | undefined): KeyJournal {
  const kids = new Set(file === undefined ? [] : readJournal(file).kids);
  const written = new Set(kids);
  return {
    kids,
    add(kid, reason, at) {
      kids.add(kid);
      if (file === undefined || written.has(kid)) return;
      append(file, JSON.stringify({ kid, at: new Date(at * 1000).toISOString(), reason }));
      written.add(kid);
    },
  };
}

function readJournal(file: string): {
  readonly kids: readonly string[];
  readonly whole: number;
  readonly size: number;
} {
  const bytes = readIfThere(file);
  const lines = bytes.toString('utf8').split('\n');
  const last = lines.pop() ?? '';
  const kids = lines.map((text, index) => {
    const kid = kidOf(text);
    if (kid !== undefined) return kid;
    throw new Error(
      `${file} is damaged at line ${index + 1}: restore it, or put right that line, before keys are used`,
    );
  });
  const tail = kidOf(last);
  const whole = tail === undefined ? bytes.lastIndexOf(0x0a) + 1 : bytes.length;
  return { kids: [...kids, tail ?? ''].filter((kid) => kid !== ''), whole, size: bytes.length };
}

function readIfThere(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0);
    throw new Error(`${file} cannot be read: ${String(error)}`, { cause: error });
  }
}

/** Undefined for no line of ours, and empty for one that speaks of something else than a signing key. */
function kidOf(text: string): string | undefined {
  try {
    return line.parse(parseStrictJson(Buffer.from(text))).kid ?? '';
  } catch {
    return undefined;
  }
}

function append(file: string, text: string): void {
  const { whole, size } = readJournal(file);
  const handle = openSync(file, 'a+', 0o600);
  try {
    if (whole < size) ftruncateSync(handle, whole);
    const startsLine = whole === 0 || readFileSync(file)[whole - 1] === 0x0a;
    writeSync(handle, `${startsLine ? '' : '\n'}${text}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  syncFolder(dirname(file));
}

/** A new file's name is on the disk only once its folder is. */
function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
