import * as fc from 'fast-check';
import type { Fields, Template } from './60-idp-templates.ts';
import words from './60-idp-words.json' with { type: 'json' };
import type { ListenerName } from './60-idp-world.ts';
import { VALUES } from './60-odd.ts';

/** A spoilt request, before values of real flows are put in. */
export interface Case {
  readonly at: ListenerName;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly body: string | undefined;
  /** The body goes out in bytes of this encoding. */
  readonly bytes: 'utf8' | 'latin1' | 'utf16le';
  readonly headers: Readonly<Record<string, string>>;
  readonly assertion: Assertion | undefined;
}

/** Who signs for whom, and what is odd about it. */
export interface Assertion {
  readonly client: string;
  readonly audience: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly header: Readonly<Record<string, unknown>>;
  readonly cut: number | undefined;
}

const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const pick = (list: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...list);
const long = fc
  .tuple(
    fc.constantFrom('x', 'æ', ' ', '.', '/', '[', '{"a":', '%', '0', '&', '=', ';', ','),
    fc.constantFrom(129, 129, 257, 257, 1025, 1025, 4097, 4097, 16_385, 65_600),
  )
  .map(([unit, length]) => unit.repeat(Math.ceil(length / unit.length)));
/** Code points of every kind, lone surrogates too. */
const anyText = fc.array(fc.nat(0x10_ff_ff), { maxLength: 20 }).map((points) => String.fromCodePoint(...points));
/** A value as nobody sends it. */
const odd: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: pick([...words.values, nested(17), nested(5000)]), weight: 8 },
  { arbitrary: anyText, weight: 2 },
  { arbitrary: fc.string({ maxLength: 40 }), weight: 1 },
  { arbitrary: fc.json({ maxDepth: 4 }), weight: 1 },
  { arbitrary: long, weight: 1 },
);
const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  odd,
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(...VALUES, ['x', 'y'], 'none', 'HS256', 'ES256', 'PS256', 'EdDSA'),
);

type Change =
  | { readonly does: 'drop'; readonly at: number }
  | { readonly does: 'double'; readonly at: number }
  | { readonly does: 'set'; readonly at: number; readonly to: string }
  | { readonly does: 'name'; readonly at: number; readonly to: string }
  | { readonly does: 'add'; readonly name: string; readonly to: string }
  | { readonly does: 'many'; readonly count: number };

const change: fc.Arbitrary<Change> = fc.oneof(
  { arbitrary: fc.record({ does: fc.constantFrom('drop' as const, 'double' as const), at: fc.nat(15) }), weight: 2 },
  { arbitrary: fc.record({ does: fc.constant('set' as const), at: fc.nat(15), to: odd }), weight: 6 },
  { arbitrary: fc.record({ does: fc.constant('name' as const), at: fc.nat(15), to: odd }), weight: 1 },
  { arbitrary: fc.record({ does: fc.constant('add' as const), name: pick(words.parameters), to: odd }), weight: 4 },
  { arbitrary: fc.record({ does: fc.constant('many' as const), count: fc.constantFrom(16, 31, 33, 500) }), weight: 1 },
);

const encode = (text: string): string =>
  encodeURIComponent(text.toWellFormed()).replaceAll('%7B%7B', '{{').replaceAll('%7D%7D', '}}');

function spoil(form: readonly (readonly [string, string])[], changes: readonly Change[]): string {
  const pairs = form.map(([name, value]): [string, string] => [name, value]);
  for (const each of changes) {
    if (each.does === 'add') pairs.push([each.name, each.to]);
    else if (each.does === 'many')
      pairs.push(...Array.from({ length: each.count }, (_, i): [string, string] => [`p${i}`, '']));
    else {
      const at = each.at % Math.max(1, pairs.length);
      const pair = pairs[at];
      if (pair === undefined) continue;
      if (each.does === 'drop') pairs.splice(at, 1);
      else if (each.does === 'double') pairs.push([...pair]);
      else if (each.does === 'set') pair[1] = each.to;
      else pair[0] = each.to;
    }
  }
  return pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');
}

function spoilJson(value: unknown, changes: readonly (readonly [number, unknown])[]): unknown {
  const copy: unknown = structuredClone(value);
  if (typeof copy !== 'object' || copy === null) return copy;
  for (const [at, drawn] of changes) {
    // Each time a copy: the same array set twice would hold itself.
    const to: unknown = structuredClone(drawn);
    const names = Object.keys(copy);
    const name = names[at % Math.max(1, names.length)];
    if (name === undefined) continue;
    const inner: unknown = Reflect.get(copy, name);
    const first = typeof inner === 'object' && inner !== null ? Object.keys(inner)[0] : undefined;
    // Half of the time one level further in.
    if (at % 2 === 0 && first !== undefined && typeof inner === 'object' && inner !== null)
      Reflect.set(inner, first, to);
    else Reflect.set(copy, name, to);
  }
  return copy;
}

/** A value once in so many cases. */
const rarely = <T>(arbitrary: fc.Arbitrary<T>, oneIn: number): fc.Arbitrary<T | undefined> =>
  fc.oneof({ arbitrary: fc.constant(undefined), weight: oneIn - 1 }, { arbitrary, weight: 1 });
const few = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(arbitrary, { maxLength: 3, size: 'max' });

const wild = fc.record({
  path: rarely(fc.tuple(fc.nat(6), odd), 12),
  method: rarely(fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'PROPFIND'), 12),
  form: few(change),
  json: few(fc.tuple(fc.nat(15), oddValue)),
  headers: rarely(few(fc.tuple(pick(words.headers), odd)), 4),
  type: rarely(pick(words.types), 15),
  raw: rarely(odd, 20),
  bytes: rarely(fc.constantFrom('latin1' as const, 'utf16le' as const), 30),
  claims: rarely(fc.dictionary(pick(words.claims), oddValue, { maxKeys: 2, size: 'max' }), 3),
  header: rarely(fc.dictionary(pick(words.members), oddValue, { maxKeys: 2, size: 'max' }), 8),
  cut: rarely(fc.nat(900), 15),
});

const UNSPOILED: Spoiling = {
  path: undefined,
  method: undefined,
  form: [],
  json: [],
  headers: undefined,
  type: undefined,
  raw: undefined,
  bytes: undefined,
  claims: undefined,
  header: undefined,
  cut: undefined,
};

type Spoiling = typeof wild extends fc.Arbitrary<infer T> ? T : never;

/** How often one way of spoiling is tried on different requests: to make a case costs as much as to send it. */
const REQUESTS_PER_SPOILING = 4;

/** Requests that are nearly some of these. */
export function casesOf(templates: readonly Template[]): fc.Arbitrary<readonly Case[]> {
  const some = fc.array(fc.constantFrom(...templates), { minLength: 1, maxLength: REQUESTS_PER_SPOILING, size: 'max' });
  return fc.tuple(some, wild).map(([all, by]) => all.map((from) => spoiled(from, by)));
}

function spoiled(from: Template, by: Spoiling): Case {
  const segments = from.path.split('/');
  if (by.path !== undefined) segments[1 + (by.path[0] % (segments.length - 1))] = encode(by.path[1]);
  const [path = '', query = ''] = segments.join('/').split('?');
  const queried =
    from.query === undefined
      ? spoil(
          [],
          by.form.filter(({ does }) => does === 'add' && by.form.length > 2),
        )
      : spoil(from.query, by.form);
  const body =
    by.raw ??
    (from.form !== undefined
      ? spoil(from.form, by.form)
      : from.json === undefined
        ? undefined
        : JSON.stringify(spoilJson(from.json, by.json)));
  const type = from.json === undefined ? 'application/x-www-form-urlencoded' : 'application/json';
  const sent = Object.fromEntries((by.headers ?? []).map(([name, value]) => [name, headerText(value)]));
  return {
    at: from.at,
    method: by.method ?? from.method,
    path,
    query: [query, queried].filter((text) => text !== '').join('&'),
    body,
    bytes: by.bytes ?? 'utf8',
    headers: { ...(body === undefined ? {} : { 'content-type': by.type ?? type }), ...from.headers, ...sent },
    assertion:
      from.assertion === undefined
        ? undefined
        : {
            client: from.assertion.client,
            audience: from.assertion.audience,
            claims: { ...from.assertion.more, ...by.claims },
            header: by.header ?? {},
            cut: by.cut,
          },
  };
}

/** A template as it stands. */
export function plainCase(from: Template): Case {
  return spoiled(from, UNSPOILED);
}

/** A template as it stands, but from another client. */
export function plainCaseFrom(client: string, from: Template): Case {
  const named = (all: Fields | undefined): Fields | undefined =>
    all?.map(([name, value]) => [name, name === 'client_id' ? client : value]);
  return plainCase({
    ...from,
    ...(from.query === undefined ? {} : { query: named(from.query) ?? [] }),
    ...(from.form === undefined ? {} : { form: named(from.form) ?? [] }),
    ...(from.assertion === undefined ? {} : { assertion: { ...from.assertion, client } }),
  });
}

/** What a header can carry, short enough to be read by somebody. */
function headerText(value: string): string {
  return value.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '?').slice(0, 20_000);
}
