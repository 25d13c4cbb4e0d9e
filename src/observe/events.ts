/** Something that happened in a program, told by its name and whatever fields belong to it. */
export interface DomainEvent {
  readonly event: string;
}

/**
 * Tells an event. Returns after its audit record, if it has one, is written; throws AuditUnavailable when it cannot be,
 * and then what the event speaks of must not take place. Where the audit sink takes its time (`fsync`, a database) the record
 * is only under way: what depends on it uses a Recorder.
 */
export type Emit<E extends DomainEvent> = (event: E) => void;

/**
 * Tells an event as Emit does, and is done (on return, or when the promise resolves) once its audit record is as safe as the
 * sink promises. Throws or rejects AuditUnavailable.
 */
export type Recorder<E extends DomainEvent> = (event: E) => void | Promise<void>;

/** Where a label has its value from, when that is not simply the field of its name. */
export interface LabelSource {
  /** Another field than the one named as the label. */
  readonly field?: string;
  /** What some values are called. */
  readonly of?: Readonly<Record<string, string>>;
  /** An event whose value is not in `of` is not measured. */
  readonly others?: 'left out';
  /** This value, whatever the event says. */
  readonly always?: string;
  /** Values there may be; the label of what comes later is `other`. */
  readonly most?: number;
}

/** A metric that an event feeds; each label is the event's field of that name, or a fixed field of its program. */
interface MetricRule {
  /** The whole name, program prefix and unit included. */
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  /** Labels with another source. */
  readonly from?: Readonly<Record<string, LabelSource>>;
}

/** How loud a log line is. */
export type Level = 'debug' | 'info' | 'warn' | 'error';

/** What an event counts for. */
export interface Figures {
  /** Counts the events. */
  readonly counter?: MetricRule;
  /** Measures the number in `field`, a duration in seconds; a field of milliseconds says `unit: 'ms'`. */
  readonly histogram?: MetricRule & {
    readonly field: string;
    readonly unit?: 'ms';
    readonly buckets?: readonly number[];
  };
  /** Shows the latest number in `field`. */
  readonly gauge?: MetricRule & { readonly field: string };
}

/** What becomes of one kind of event: a log line of this level always, the rest where stated. */
export type EventRule = Figures & {
  readonly level: Level;
  /** Another level for some values of a field: a failure of ours is louder than a client's. */
  readonly levels?: { readonly field: string; readonly of: Readonly<Record<string, Level>> };
  /** The event is a security decision: it is on record before anything comes of it. */
  readonly audit?: boolean;
  /** The same under further names. */
  readonly also?: readonly Figures[];
};

/** The rule of every event a program tells. */
export type EventTable<E extends DomainEvent> = { readonly [K in E['event']]: EventRule };

/** Tells nobody, for tests. */
export const silent: Emit<DomainEvent> = () => {};
