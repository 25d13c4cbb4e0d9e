import { type AuditSink, AuditUnavailable } from './audit.ts';
import { createAuditChain } from './audit-chain.ts';
import { inTime } from './in-time.ts';
import type { Plain } from './redact.ts';

/** The records of this process on their way into a sink. */
export interface AuditTrail {
  /**
   * Puts a record in the sink. Done on return where the sink is; else the promise resolves when the record is kept. While
   * one write is under way those that come meanwhile go together in the next. Throws or rejects AuditUnavailable, at the
   * latest after 500 ms; then the record may be kept all the same.
   */
  record(fields: Readonly<Record<string, Plain>>): void | Promise<void>;
  ready(): boolean | Promise<boolean>;
  /** Waits for what is under way, at most 500 ms, then closes the sink. */
  close(): Promise<void>;
}

const BUDGET_MS = 500;
const MAX_GROUP = 500;
const MAX_WAITING = 10_000;

interface Waiting {
  readonly fields: Readonly<Record<string, Plain>>;
  readonly outcome: PromiseWithResolvers<void>;
}

/** A trail into this sink, with a chain of its own. */
export function createAuditTrail(sink: AuditSink): AuditTrail {
  const chain = createAuditChain();
  const waiting = new Set<Waiting>();
  let underway: Promise<unknown> | undefined;

  const write = (records: readonly Readonly<Record<string, Plain>>[]): void | Promise<void> => {
    const sealed = chain.seal(records);
    const written = sink.write(sealed.lines);
    if (written === undefined) return chain.kept(sealed);
    const done = written.then(() => chain.kept(sealed));
    underway = done.then(writeNext, writeNext);
    return done;
  };
  const writeNext = async (): Promise<void> => {
    underway = undefined;
    const group = [...waiting].slice(0, MAX_GROUP);
    if (group.length === 0) return;
    for (const one of group) waiting.delete(one);
    try {
      await write(group.map(({ fields }) => fields));
      for (const { outcome } of group) outcome.resolve();
    } catch (error) {
      for (const { outcome } of group) outcome.reject(error);
    }
    // A sink that refused at once is not under way: the rest would wait for nobody.
    if (underway === undefined) await writeNext();
  };
  const wait = (fields: Readonly<Record<string, Plain>>): Promise<void> => {
    if (waiting.size >= MAX_WAITING) throw new AuditUnavailable('too many audit records are waiting');
    const one = { fields, outcome: Promise.withResolvers<void>() };
    waiting.add(one);
    return inTime(one.outcome.promise, BUDGET_MS, () => {
      waiting.delete(one);
      return late();
    });
  };

  const drained = async (): Promise<void> => {
    if (underway === undefined) return;
    await underway;
    await drained();
  };

  return {
    record(fields) {
      if (underway !== undefined) return wait(fields);
      const written = write([fields]);
      return written === undefined ? undefined : inTime(written, BUDGET_MS, late);
    },
    ready: () => sink.ready(),
    async close() {
      // Whatever takes longer was given up by the one who asked for it.
      await inTime(drained(), BUDGET_MS, late).catch(() => {});
      await sink.close();
    },
  };
}

function late(): AuditUnavailable {
  return new AuditUnavailable(`the audit record was not written within ${BUDGET_MS} ms`);
}
