import type { EventRule } from './events.ts';
import type { Plain } from './redact.ts';

/** Texts that are remembered of one field. */
const MAX_TEXTS = 500;

/**
 * Takes of an event the fields that its metrics are made of, the event's own before the fixed ones, and without secrets. Made for
 * what happens thousands of times a second: a text is judged when it first comes, and a number that is only measured not at all.
 */
export function createPicker(
  rule: EventRule,
  fixed: Readonly<Record<string, string>>,
  redact: (fields: object) => Record<string, Plain>,
): (happened: object) => Record<string, Plain> {
  const { labels, measured } = figuresOf(rule);
  const names = [...new Set([...labels, ...measured])];
  const judged = new Map(names.map((name) => [name, new Map<string, Plain>()]));

  const judge = (name: string, value: unknown): Plain | undefined => redact({ [name]: value })[name];
  const judgeText = (name: string, value: string): Plain | undefined => {
    const texts = judged.get(name);
    const known = texts?.get(value);
    if (known !== undefined) return known;
    const shown = judge(name, value);
    if (texts !== undefined && texts.size < MAX_TEXTS && shown !== undefined) texts.set(value, shown);
    return shown;
  };

  return (happened) => {
    const fields: Record<string, Plain> = {};
    for (const name of names) {
      const value: unknown = Object.hasOwn(happened, name) ? Reflect.get(happened, name) : fixed[name];
      const isPlain = typeof value === 'number' && (isSmall(value) || (!labels.has(name) && Number.isFinite(value)));
      const shown = isPlain ? value : typeof value === 'string' ? judgeText(name, value) : judge(name, value);
      if (shown !== undefined) fields[name] = shown;
    }
    return fields;
  };
}

/** No person's number has so few digits. */
function isSmall(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < 1e9;
}

/** The fields that are labels, and those that are measured. */
export function figuresOf(rule: EventRule): {
  readonly labels: ReadonlySet<string>;
  readonly measured: readonly string[];
} {
  const all = [rule, ...(rule.also ?? [])];
  const labels = all
    .flatMap(({ counter, histogram, gauge }) => [counter, histogram, gauge])
    .flatMap((one) => one?.labels.map((name) => one.from?.[name]?.field ?? name) ?? []);
  const measured = all.flatMap(({ histogram, gauge }) => [histogram, gauge]).flatMap((one) => one?.field ?? []);
  return { labels: new Set(labels), measured };
}
