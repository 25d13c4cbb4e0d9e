import { constants } from 'node:fs';
import { open, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';

/** What a folder says. With problems its variables are not to be used. */
export interface FolderVariables {
  readonly variables: Readonly<Record<string, string>>;
  /** Each names the file or the folder, none what is in it. */
  readonly problems: readonly string[];
}

/** A key set of a few RSA keys has a tenth of it. */
const MAX_FILE_BYTES = 64 * 1024;
/** Whoever mounts secrets has dozens of files. */
const MAX_FILES = 1000;
const ATTEMPTS = 3;

/**
 * Reads a folder with one file for each variable, of those names only; a newline at the end is dropped, and an empty file is none.
 * What a mount of Kubernetes shows through `..data` is read from one version of it, as is a folder that is a link.
 */
export async function readVariableFolder(folder: string, names: ReadonlySet<string>): Promise<FolderVariables> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const version = await versionOf(folder);
      const read = await readVersion(version, folder, names);
      if ((await versionOf(folder)) === version) return read;
      if (attempt === ATTEMPTS) return problem(`${folder} changes while it is read`);
    } catch (error) {
      // Taken away between two steps: another version is in its place, or soon will be.
      if (codeOf(error) === 'ENOENT' && attempt < ATTEMPTS) continue;
      return problem(`${folder} cannot be read (${codeOf(error)})`);
    }
  }
}

/** The folder that really holds the files now. */
async function versionOf(folder: string): Promise<string> {
  try {
    return await realpath(join(folder, '..data'));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    return await realpath(folder);
  }
}

async function readVersion(version: string, folder: string, names: ReadonlySet<string>): Promise<FolderVariables> {
  const there = await readdir(version);
  if (there.length > MAX_FILES) return problem(`${folder} holds more than ${MAX_FILES} files`);
  const variables: Record<string, string> = {};
  const problems: string[] = [];
  const wanted = there.filter((name) => names.has(name));
  const values = await Promise.all(wanted.map(async (name) => [name, await readValue(join(version, name))] as const));
  for (const [name, read] of values) {
    if ('problem' in read) problems.push(`${join(folder, name)} ${read.problem}`);
    else if (read.value !== '') variables[name] = read.value;
  }
  return { variables, problems };
}

async function readValue(file: string): Promise<{ readonly value: string } | { readonly problem: string }> {
  // Opening a pipe would wait for somebody to write.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') throw error;
    return codeOf(error);
  });
  if (typeof handle === 'string') return { problem: `cannot be read (${handle})` };
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) return { problem: 'is no file' };
    if (stats.size > MAX_FILE_BYTES) return { problem: `is longer than ${MAX_FILE_BYTES} bytes` };
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_FILE_BYTES), 0, MAX_FILE_BYTES, 0);
    return textOf(buffer.subarray(0, bytesRead));
  } finally {
    await handle.close();
  }
}

function textOf(bytes: Uint8Array): { readonly value: string } | { readonly problem: string } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (text.includes('\0')) return { problem: 'holds a zero byte' };
    if (!text.endsWith('\n')) return { value: text };
    return { value: text.slice(0, text.endsWith('\r\n') ? -2 : -1) };
  } catch {
    return { problem: 'is not UTF-8' };
  }
}

function problem(text: string): FolderVariables {
  return { variables: {}, problems: [text] };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}
