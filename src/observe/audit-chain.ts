import { hash, randomBytes } from 'node:crypto';
import type { Plain } from './redact.ts';
import { printableJson } from './scrub.ts';

/** Records as lines, and the hash of the last one. */
interface SealedRecords {
  readonly lines: readonly string[];
  readonly head: string | null;
}

/**
 * Ties each record to the one before it: `proc` names the run of this process, `seq` counts its records, and `prev` is the
 * SHA-256 (base64url) of the line before, or null in the first. Who changes, removes or puts in a line breaks the next.
 */
export interface AuditChain {
  /** Writes the records out, each tied to the last one that is known to be kept, or to the one before it here. */
  seal(records: readonly Readonly<Record<string, Plain>>[]): SealedRecords;
  /** What was sealed last is kept, so the next record goes on from there; a record that was lost is never referred to. */
  kept(sealed: SealedRecords): void;
}

/** The chain of one process. */
export function createAuditChain(): AuditChain {
  const proc = randomBytes(9).toString('base64url');
  let seq = 0;
  let head: string | null = null;
  return {
    seal(records) {
      let prev = head;
      const lines = records.map((record) => {
        const line = printableJson(JSON.stringify({ ...record, proc, seq, prev }));
        seq += 1;
        prev = hash('sha256', line, 'base64url');
        return line;
      });
      return { lines, head: prev };
    },
    kept(sealed) {
      head = sealed.head;
    },
  };
}
