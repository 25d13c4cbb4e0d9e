import type { EventRule } from './events.ts';
import { takeAll } from './metrics.ts';
import type { Meter } from './metrics.ts';
import { createPicker, figuresOf } from './picked.ts';
import type { Plain } from './redact.ts';

/** Combinations of labels that are remembered. */
const MAX_KNOWN = 500;

interface Reading {
  readonly field: string | undefined;
  readonly divisor: number;
  readonly add: (value: number) => void;
  /** Whether the number needs no judging. */
  readonly isQuick: boolean;
}

/**
 * Feeds metrics with events that nothing else is done with. What events of the same labels go to is looked up once: most of a thousand
 * requests a second say the same, and to judge their texts and to find their series each time would cost more than to answer them.
 */
export function createQuickFeed(
  rule: EventRule,
  meters: readonly Meter[],
  {
    fixed,
    redact,
  }: { readonly fixed: Readonly<Record<string, string>>; readonly redact: (fields: object) => Record<string, Plain> },
): (happened: object) => void {
  const names = [...figuresOf(rule).labels];
  const isLabel = new Set(names);
  const pick = createPicker(rule, fixed, redact);
  const known: Known = { next: new Map(), readings: undefined };
  let size = 0;

  function learn(happened: Fields): void {
    if (size >= MAX_KNOWN) return;
    const values = names.map((name) => valueOf(happened, name));
    if (values.includes(UNFIT)) return;
    size += 1;
    const fields = pick(happened);
    placeOf(known, values).readings = meters.flatMap(({ field, divisor, series }) => {
      const add = series(fields);
      // A number that is a label too is judged each time.
      return add === undefined ? [] : [{ field, divisor, add, isQuick: field === undefined || !isLabel.has(field) }];
    });
  }

  return (event) => {
    // oxlint-disable-next-line typescript/consistent-type-assertions -- any object has fields by name: a guard for it could not fail
    const happened = event as Fields;
    const readings = find(known, happened, names);
    if (readings === undefined || !areReady(readings, happened)) {
      takeAll(meters, pick(happened));
      if (readings === undefined) learn(happened);
      return;
    }
    for (const { field, divisor, add } of readings) add(field === undefined ? 1 : Number(happened[field]) / divisor);
  };
}

type Fields = Readonly<Record<string, unknown>>;

/** Labels as events give them, one after the other: the texts are mostly the same objects each time, and none is put together to find them. */
interface Known {
  readonly next: Map<unknown, Known>;
  readings: readonly Reading[] | undefined;
}

/** In the place of a label that is neither text nor whole number, and there. */
const UNFIT: unique symbol = Symbol('unfit');
const ABSENT: unique symbol = Symbol('absent');

function valueOf(happened: Fields, name: string): unknown {
  const value = happened[name];
  if (typeof value === 'string' || (typeof value === 'number' && Number.isInteger(value))) return value;
  return value === undefined && !Object.hasOwn(happened, name) ? ABSENT : UNFIT;
}

function find(known: Known, happened: Fields, names: readonly string[]): readonly Reading[] | undefined {
  let place: Known | undefined = known;
  for (const name of names) {
    place = place.next.get(valueOf(happened, name));
    if (place === undefined) return undefined;
  }
  return place.readings;
}

function placeOf(known: Known, values: readonly unknown[]): Known {
  let place = known;
  for (const value of values) {
    const there: Known = place.next.get(value) ?? { next: new Map(), readings: undefined };
    place.next.set(value, there);
    place = there;
  }
  return place;
}

function areReady(readings: readonly Reading[], happened: Fields): boolean {
  for (const { field, isQuick } of readings) {
    if (!isQuick || (field !== undefined && !Number.isFinite(happened[field]))) return false;
  }
  return true;
}
