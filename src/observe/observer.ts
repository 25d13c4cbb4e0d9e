import { AsyncLocalStorage } from 'node:async_hooks';
import type { AuditSink } from './audit.ts';
import { createAuditFile } from './audit-file.ts';
import { createAuditTrail } from './audit-trail.ts';
import type { DomainEvent, Emit, EventRule, EventTable, Level, Recorder } from './events.ts';
import { createLogger, type LogDestination } from './logger.ts';
import { createMetrics, type MetricSnapshot } from './metrics.ts';
import { createQuickFeed } from './quick-feed.ts';
import { createRedactor, type Plain } from './redact.ts';

/** Turns the events of all programs in a process into log lines, metrics and audit records. */
export interface Observer {
  /**
   * How a program tells its events; `fixed` fields go with each of them. Of an event's fields only what is no secret
   * is kept. An event whose rule says `audit` is on record when the call returns, or it throws AuditUnavailable.
   */
  emitter<E extends DomainEvent>(program: string, table: EventTable<E>, fixed?: Record<string, string>): Emit<E>;
  /** The same for a program that can wait: an audit record is as safe as the sink promises once this is done. */
  recorder<E extends DomainEvent>(program: string, table: EventTable<E>, fixed?: Record<string, string>): Recorder<E>;
  /**
   * Runs this work; log lines and audit records of the events it tells, then or later, get these fields too: a correlation
   * id `cid`, a trace id `trace`.
   */
  readonly within: <T>(fields: Readonly<Record<string, string>>, work: () => T) => T;
  /** Whether an audit record could be written now; true when nothing keeps them. */
  auditReady(): boolean | Promise<boolean>;
  /** Drops the series that have these values among their labels: of what is no more, nothing is left to tell. */
  forget(labels: Readonly<Record<string, string>>): void;
  /** The metrics of all programs, in the Prometheus text format. */
  metrics(): Promise<string>;
  /** The same for {@link addUpMetrics}. */
  metricSnapshot(): Promise<MetricSnapshot>;
  close(): Promise<void>;
}

/**
 * What there is to observe with. `now` is in seconds since the epoch. Audit records go to the file `auditFile` (durability
 * `write`) or to `auditSink`, which is closed with the observer; with neither, audit events are only logged.
 */
export interface ObserverOptions {
  readonly level?: string;
  readonly destination?: LogDestination;
  readonly format?: 'json' | 'text';
  readonly auditFile?: string;
  readonly auditSink?: AuditSink;
  readonly now: () => number;
}

/** Names the observer itself gives a line; a field of the same name keeps its value under this name with `_` after it. */
const OWN_NAMES: ReadonlySet<string> = new Set(['level', 'time', 't', 'program', 'event', 'proc', 'seq', 'prev']);

/** An observer of this process. A log that cannot be written is no failure; an audit record that cannot be, is. */
export function createObserver(options: ObserverOptions): Observer {
  const { level = 'info', destination = 'stderr', format = 'json', auditFile, now } = options;
  const logger = createLogger({ level, destination, format, now });
  const metrics = createMetrics();
  const surroundings = new AsyncLocalStorage<Readonly<Record<string, string>>>();
  const redactFields = createRedactor();
  const sink = options.auditSink ?? (auditFile === undefined ? undefined : createAuditFile(auditFile));
  const trail = sink === undefined ? undefined : createAuditTrail(sink);

  /** Whether an event of this kind feeds metrics and nothing else. */
  const isSilent = ({ level: least, levels, audit }: EventRule): boolean =>
    audit !== true && levels === undefined && !logger.writes(least);

  const recorder = <E extends DomainEvent>(
    program: string,
    table: EventTable<E>,
    fixed: Record<string, string> = {},
  ): Recorder<E> => {
    const rules = new Map(
      Object.entries<EventRule>(table).map(([event, rule]) => {
        const parts = { fixed, redact: redactFields };
        const quick = isSilent(rule) ? createQuickFeed(rule, metrics.meters(rule), parts) : undefined;
        return [event, { rule, feed: metrics.feed(rule), quick }] as const;
      }),
    );
    return (happened) => {
      const known = rules.get(happened.event);
      // Nobody will read the rest of it: most events of a request are of this kind.
      if (known?.quick !== undefined) return known.quick(happened);
      const { event, ...told } = happened;
      const fields = redactFields({ ...fixed, ...surroundings.getStore(), ...told });
      const record = { program, event, ...renamed(fields) };
      const tell = (): void => {
        known?.feed(fields);
        logger.write(levelOf(known?.rule, fields), record);
      };
      const fail = (error: unknown): never => {
        const { error: shown = null } = redactFields({ error });
        logger.write('error', { program, event: 'audit.unavailable', of: event, lost: fields, error: shown });
        throw error;
      };
      if (trail === undefined || known?.rule.audit !== true) return tell();
      try {
        const recorded = trail.record({ t: new Date(now() * 1000).toISOString(), ...record });
        return recorded === undefined ? tell() : recorded.then(tell, fail);
      } catch (error) {
        return fail(error);
      }
    };
  };

  return {
    recorder,
    emitter(program, table, fixed) {
      const record = recorder(program, table, fixed);
      return (event) => {
        // Whoever cannot wait is told of a failure by the log alone.
        record(event)?.catch(() => {});
      };
    },
    within: (fields, work) => surroundings.run(fields, work),
    auditReady: () => trail?.ready() ?? true,
    forget: (labels) => metrics.forget(labels),
    metrics: () => metrics.text(),
    metricSnapshot: () => metrics.snapshot(),
    async close() {
      await trail?.close();
      logger.close();
    },
  };
}

function levelOf(rule: EventRule | undefined, fields: Record<string, Plain>): Level {
  const value = rule?.levels === undefined ? undefined : fields[rule.levels.field];
  return (typeof value === 'string' ? rule?.levels?.of[value] : undefined) ?? rule?.level ?? 'warn';
}

function renamed(fields: Record<string, Plain>): Record<string, Plain> {
  let collides = false;
  for (const name of OWN_NAMES) collides ||= Object.hasOwn(fields, name);
  if (!collides) return fields;
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [OWN_NAMES.has(name) ? `${name}_` : name, value]),
  );
}
