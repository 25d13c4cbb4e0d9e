import { createAuditFile, type AuditFile } from './audit.ts';
import type { DomainEvent, Emit, EventRule, EventTable } from './events.ts';
import { createLogger, type LogDestination } from './logger.ts';
import { createMetrics } from './metrics.ts';
import { redactFields, type Plain } from './redact.ts';
import { printableJson } from './scrub.ts';

/** Turns the events of all programs in a process into log lines, metrics and audit records. */
export interface Observer {
  /**
   * How a program tells its events; `fixed` fields go with each of them. Of an event's fields only what is no secret
   * is kept. An event whose rule says `audit` is on record when the call returns, or it throws AuditUnavailable.
   */
  emitter<E extends DomainEvent>(program: string, table: EventTable<E>, fixed?: Record<string, string>): Emit<E>;
  /** Whether an audit record could be written now; true when no audit file was asked for. */
  auditReady(): boolean;
  /** The metrics of all programs, in the Prometheus text format. */
  metrics(): Promise<string>;
  close(): Promise<void>;
}

/** What there is to observe with. `now` is in seconds since the epoch; without `auditFile`, audit events are only logged. */
export interface ObserverOptions {
  readonly level?: string;
  readonly destination?: LogDestination;
  readonly format?: 'json' | 'text';
  readonly auditFile?: string;
  readonly now: () => number;
}

/** Names the observer itself gives a line; a field of the same name keeps its value under this name with `_` after it. */
const OWN_NAMES: ReadonlySet<string> = new Set(['level', 'time', 'program', 'event']);

/** An observer of this process. A log that cannot be written is no failure; an audit file that cannot be, is. */
export function createObserver(options: ObserverOptions): Observer {
  const { level = 'info', destination = 'stderr', format = 'json', auditFile, now } = options;
  const logger = createLogger({ level, destination, format, now });
  const metrics = createMetrics();
  const audit = auditFile === undefined ? undefined : createAuditFile(auditFile);

  return {
    emitter<E extends DomainEvent>(program: string, table: EventTable<E>, fixed: Record<string, string> = {}): Emit<E> {
      const rules = new Map(
        Object.entries<EventRule>(table).map(([event, rule]) => [event, { rule, feed: metrics.feed(rule) }] as const),
      );
      return (happened) => {
        const { event, ...told } = happened;
        const known = rules.get(event);
        const fields = redactFields({ ...fixed, ...told });
        const record = { program, event, ...renamed(fields) };
        try {
          if (known?.rule.audit === true) append(audit, now(), record);
        } catch (error) {
          logger.write('error', {
            program,
            event: 'audit.unavailable',
            of: event,
            error: redactFields({ error })['error'] ?? null,
          });
          throw error;
        }
        known?.feed(fields);
        logger.write(known?.rule.level ?? 'warn', record);
      };
    },
    auditReady: () => audit?.ready() ?? true,
    metrics: () => metrics.text(),
    async close() {
      logger.close();
      audit?.close();
    },
  };
}

function append(audit: AuditFile | undefined, time: number, record: Record<string, Plain>): void {
  audit?.append(printableJson(JSON.stringify({ time: new Date(time * 1000).toISOString(), ...record })));
}

function renamed(fields: Record<string, Plain>): Record<string, Plain> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [OWN_NAMES.has(name) ? `${name}_` : name, value]),
  );
}
