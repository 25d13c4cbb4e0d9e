import { createHash } from 'node:crypto';

/** What became of a log: how many records and runs of processes it holds, and where it first does not hold together. */
export interface ChainVerdict {
  readonly records: number;
  readonly runs: number;
  /** Records that no later one builds on: their process was told that they were not kept. */
  readonly aside?: number;
  /** The first broken record, by the number of its line (the first is 1). */
  readonly broken?: { readonly line: number; readonly why: string };
}

interface Link {
  readonly line: number;
  readonly seq: number;
  readonly prev: string | null;
  readonly hash: string;
}

/**
 * Follows the chain of every process in a log, whatever order the lines of different processes came in. Each record names the
 * last one before it that was surely kept. Lines that are no record (cut short by a full disk) are passed over: a record that
 * was made one of them is missed by the next.
 */
export function verifyChain(lines: readonly string[]): ChainVerdict {
  const runs = new Map<string, Link[]>();
  let records = 0;
  for (const [index, text] of lines.entries()) {
    const found = linkOf(text, index + 1);
    if (found === undefined) continue;
    records += 1;
    runs.set(found.proc, [...(runs.get(found.proc) ?? []), found.link]);
  }
  const ordered = [...runs.values()].map((run) => run.toSorted((a, b) => a.seq - b.seq));
  const aside = ordered.reduce((sum, run) => sum + asideOf(run), 0);
  const broken = ordered.flatMap(firstBroken).toSorted((a, b) => a.line - b.line)[0];
  return { records, runs: runs.size, ...(aside === 0 ? {} : { aside }), ...(broken === undefined ? {} : { broken }) };
}

function firstBroken(run: readonly Link[]): { readonly line: number; readonly why: string }[] {
  const before = new Set<string | null>([null]);
  for (const [index, { line, seq, prev, hash }] of run.entries()) {
    if (run[index - 1]?.seq === seq) return [{ line, why: `two records are number ${seq}` }];
    if (!before.has(prev)) return [{ line, why: 'the record before it is missing or was changed' }];
    before.add(hash);
  }
  return [];
}

/** How many records the way back from the last one to the first does not pass. */
function asideOf(run: readonly Link[]): number {
  const byHash = new Map<string | null, Link>(run.map((link) => [link.hash, link]));
  let passed = 0;
  for (let link = run.at(-1); link !== undefined && passed < run.length; link = byHash.get(link.prev)) passed += 1;
  return run.length - passed;
}

function linkOf(text: string, line: number): { readonly proc: string; readonly link: Link } | undefined {
  const record = objectIn(text);
  const { proc, seq, prev } = record;
  if (typeof proc !== 'string' || typeof seq !== 'number' || !(prev === null || typeof prev === 'string'))
    return undefined;
  return { proc, link: { line, seq, prev, hash: createHash('sha256').update(text).digest('base64url') } };
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
