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
  const known = new Map<string, readonly Reading[]>();

  function learn(key: string, happened: object): void {
    if (known.size >= MAX_KNOWN) return;
    const fields = pick(happened);
    const readings = meters.flatMap(({ field, divisor, series }) => {
      const add = series(fields);
      return add === undefined ? [] : [{ field, divisor, add }];
    });
    known.set(key, readings);
  }

  return (happened) => {
    const key = keyOf(happened, names);
    const readings = key === undefined ? undefined : known.get(key);
    if (readings === undefined || !readings.every(({ field }) => isNumber(happened, field, isLabel))) {
      takeAll(meters, pick(happened));
      if (key !== undefined && readings === undefined) learn(key, happened);
      return;
    }
    for (const { field, divisor, add } of readings) {
      add(field === undefined ? 1 : Number(Reflect.get(happened, field)) / divisor);
    }
  };
}

/** The labels of an event as it gives them, each with its length; undefined where one is neither text nor absent. */
function keyOf(happened: object, names: readonly string[]): string | undefined {
  let key = '';
  for (const name of names) {
    const value: unknown = Reflect.get(happened, name);
    if (typeof value === 'string') key += `${value.length}:${value}`;
    else if (typeof value === 'number' && Number.isInteger(value)) key += `#${value};`;
    else if (value === undefined && !Object.hasOwn(happened, name)) key += '-';
    else return undefined;
  }
  return key;
}

function isNumber(happened: object, field: string | undefined, isLabel: ReadonlySet<string>): boolean {
  if (field === undefined) return true;
  return !isLabel.has(field) && Number.isFinite(Reflect.get(happened, field));
}
