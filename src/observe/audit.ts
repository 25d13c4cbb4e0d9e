import { closeSync, fstatSync, fsync, fsyncSync, openSync, writeSync } from 'node:fs';

/** A security decision could not be put on record, so it must not take effect: answer 503. */
export class AuditUnavailable extends Error {
  override readonly name = 'AuditUnavailable';
}

/** A file that only grows, one record a line. */
export interface AuditFile {
  /** Hands the record to the operating system before it returns. Throws AuditUnavailable. */
  append(line: string): void;
  /** Whether a record could be written now, as far as can be told without writing one. */
  ready(): boolean;
  /** Waits for the disk and closes the file. */
  close(): void;
}

/** Records reach the disk at most this much later. */
const SYNC_AFTER_MS = 100;

/** The audit file at this path, made with mode 0600 at the first record. */
export function createAuditFile(path: string): AuditFile {
  let descriptor: number | undefined;
  let torn = false;
  let syncTimer: NodeJS.Timeout | undefined;
  let syncFailed: Error | undefined;

  const open = (): number => {
    // A file that was deleted under us would take records that nobody can ever read.
    if (descriptor !== undefined && fstatSync(descriptor).nlink === 0) release();
    descriptor ??= openSync(path, 'a', 0o600);
    return descriptor;
  };
  const release = (): void => {
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = undefined;
  };
  const sync = (): void => {
    syncTimer = undefined;
    if (descriptor === undefined) return;
    fsync(descriptor, (error) => {
      // EINVAL: a pipe or device, which has no disk to wait for. EBADF: closed meanwhile, and synced by that.
      if (error !== null && error.code !== 'EINVAL' && error.code !== 'EBADF') syncFailed = error;
    });
  };

  return {
    append(line) {
      try {
        if (syncFailed !== undefined) throw syncFailed;
        // The rest of a record that was cut short must not swallow the next one.
        writeWhole(open(), `${torn ? '\n' : ''}${line}\n`, () => (torn = true));
        torn = false;
        syncTimer ??= setTimeout(sync, SYNC_AFTER_MS).unref();
      } catch (error) {
        syncFailed = undefined;
        throw new AuditUnavailable(`the audit file ${path} cannot be written`, { cause: error });
      }
    },
    ready() {
      try {
        return syncFailed === undefined && open() >= 0;
      } catch {
        return false;
      }
    },
    close() {
      clearTimeout(syncTimer);
      if (descriptor === undefined) return;
      try {
        fsyncSync(descriptor);
      } catch {
        // Every record was handed over; the one who closes can do no more.
      }
      release();
    },
  };
}

function writeWhole(descriptor: number, text: string, onPart: () => void): void {
  let rest = Buffer.from(text);
  while (rest.byteLength > 0) {
    rest = rest.subarray(writeSync(descriptor, rest));
    if (rest.byteLength > 0) onPart();
  }
}
