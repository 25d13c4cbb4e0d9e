import { closeSync, fstatSync, fsync, fsyncSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { type AuditSink, AuditUnavailable } from './audit.ts';

/** How the audit file treats the disk. */
export interface AuditFileOptions {
  /**
   * `write`: a record is with the operating system when `write` returns, and on the disk at most 100 ms later, so only a
   * crash of the machine can lose it. `fsync`: it is on the disk when the promise resolves.
   */
  readonly durability?: 'write' | 'fsync';
  /** Waits for the disk; for tests. */
  readonly sync?: (descriptor: number, done: (error: NodeJS.ErrnoException | null) => void) => void;
}

/** Records reach the disk at most this much later, in milliseconds. */
const SYNC_AFTER_MS = 100;

/** A pipe or device has no disk to wait for; a file that was closed meanwhile was synced by that. */
const HARMLESS: ReadonlySet<string | undefined> = new Set(['EINVAL', 'EBADF']);

/** The audit file at this path, which only grows; made with mode 0600 at the first record. */
export function createAuditFile(path: string, options: AuditFileOptions = {}): AuditSink {
  const { durability = 'write', sync = fsync } = options;
  const file = createGrowingFile(path, durability === 'fsync');
  let timer: NodeJS.Timeout | undefined;
  let failed: unknown;
  /** The last record could not be kept; whether one could be now is only known by writing. */
  let refused = false;

  const onDisk = (descriptor: number): Promise<void> =>
    new Promise((resolve, reject) => {
      sync(descriptor, (error) => {
        if (error === null || HARMLESS.has(error.code)) return resolve();
        refused = true;
        // What the system could not write it forgets, so the same descriptor would call the next sync a success.
        file.release();
        reject(unavailable(path, error));
      });
    });
  const syncLater = (): void => {
    timer = undefined;
    const descriptor = file.current();
    if (descriptor !== undefined) onDisk(descriptor).catch((error: unknown) => (failed = error));
  };

  /** An empty line, which is no record, and ends one that was cut short. */
  const tryAgain = async (): Promise<boolean> => {
    failed = undefined;
    try {
      await onDisk(file.append(['']));
      refused = false;
      return true;
    } catch {
      file.release();
      return false;
    }
  };

  return {
    write(lines) {
      try {
        if (failed !== undefined) throw failed;
        const descriptor = file.append(lines);
        refused = false;
        if (durability === 'fsync') return onDisk(descriptor);
        timer ??= setTimeout(syncLater, SYNC_AFTER_MS).unref();
        return undefined;
      } catch (error) {
        failed = undefined;
        refused = true;
        file.release();
        throw error instanceof AuditUnavailable ? error : unavailable(path, error);
      }
    },
    ready() {
      if (refused) return tryAgain();
      try {
        return file.open() >= 0;
      } catch {
        return false;
      }
    },
    close() {
      clearTimeout(timer);
      const descriptor = file.current();
      if (descriptor === undefined) return;
      try {
        fsyncSync(descriptor);
      } catch {
        // Every record was handed over; the one who closes can do no more.
      }
      file.release();
    },
  };
}

interface GrowingFile {
  /** Gives the descriptor it wrote to. */
  append(lines: readonly string[]): number;
  /** The descriptor; opens the file when it is not open, or when somebody deleted it. */
  open(): number;
  current(): number | undefined;
  release(): void;
}

function createGrowingFile(path: string, syncFolder: boolean): GrowingFile {
  let descriptor: number | undefined;
  let torn = false;
  const release = (): void => {
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = undefined;
  };
  const open = (): number => {
    // A file that was deleted under us would take records that nobody can ever read.
    if (descriptor !== undefined && fstatSync(descriptor).nlink === 0) release();
    if (descriptor !== undefined) return descriptor;
    torn = endsTorn(path);
    descriptor = openSync(path, 'a', 0o600);
    if (syncFolder) syncFolderOf(path);
    return descriptor;
  };
  return {
    append(lines) {
      const to = open();
      // The rest of a record that was cut short must not swallow the next one.
      writeWhole(to, `${torn ? '\n' : ''}${lines.join('\n')}\n`, () => (torn = true));
      torn = false;
      return to;
    },
    open,
    current: () => descriptor,
    release,
  };
}

function writeWhole(to: number, text: string, onPart: () => void): void {
  let rest = Buffer.from(text);
  while (rest.byteLength > 0) {
    rest = rest.subarray(writeSync(to, rest));
    if (rest.byteLength > 0) onPart();
  }
}

/** Whether the last record of an earlier run was cut short. */
function endsTorn(path: string): boolean {
  const file = statSync(path, { throwIfNoEntry: false });
  if (file === undefined || !file.isFile() || file.size === 0) return false;
  const last = Buffer.alloc(1);
  const reading = openSync(path, 'r');
  try {
    readSync(reading, last, 0, 1, file.size - 1);
  } finally {
    closeSync(reading);
  }
  return last.toString() !== '\n';
}

/** A new file is lost with the power until its folder, too, is on the disk. */
function syncFolderOf(path: string): void {
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } catch {
    // Some file systems cannot; nothing else is left to try.
  } finally {
    closeSync(folder);
  }
}

function unavailable(path: string, cause: unknown): AuditUnavailable {
  return new AuditUnavailable(`the audit file ${path} cannot be written`, { cause });
}
