import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { SettingsTable } from './settings.ts';
import {
  address,
  boolean,
  describeSettings,
  integer,
  json,
  list,
  oneOf,
  readSettings,
  redactSettings,
  seconds,
  text,
  url,
} from './settings.ts';

interface Config {
  readonly name: string;
  readonly store: string;
  readonly wait: number;
  readonly key?: string;
}

const TABLE: SettingsTable<Config> = {
  name: text({ env: 'FULLMAKT_TEST_NAME', aliases: ['TEST_NAME', 'OLD_NAME'], says: 'What it is called.' }),
  store: text({ env: 'FULLMAKT_TEST_STORE', says: 'Where it keeps things.', fallback: 'memory:' }),
  wait: seconds({ env: 'FULLMAKT_TEST_WAIT', says: 'How long it waits.', fallback: 90, shownDefault: '1m30s' }),
  key: text({ env: 'FULLMAKT_TEST_KEY', says: 'What it signs with.', secret: true, optional: true }),
};

test('names every missing and every unusable variable at once, aliases included', () => {
  const result = readSettings(TABLE, { FULLMAKT_TEST_WAIT: 'soon' });
  assert.ok(!result.ok);
  assert.equal(result.problems.length, 2);
  assert.match(
    result.problems[0] ?? '',
    /FULLMAKT_TEST_NAME \(or TEST_NAME, OLD_NAME\) is not set: What it is called\./,
  );
  assert.match(result.problems[1] ?? '', /FULLMAKT_TEST_WAIT is not usable: expected a duration/);
});

test('takes the fallback for an empty value and leaves an optional one out', () => {
  const result = readSettings(TABLE, { FULLMAKT_TEST_NAME: ' a ', FULLMAKT_TEST_STORE: '', FULLMAKT_TEST_KEY: '  ' });
  assert.deepEqual(result, { ok: true, settings: { name: 'a', store: 'memory:', wait: 90 }, warnings: [] });
});

test('lets the canonical name win and warns of an alias that differs, not of one that agrees', () => {
  const both = readSettings(TABLE, { FULLMAKT_TEST_NAME: 'new', TEST_NAME: 'other', OLD_NAME: 'new' });
  assert.ok(both.ok);
  assert.equal(both.settings.name, 'new');
  assert.equal(both.warnings.length, 1);
  assert.match(both.warnings[0] ?? '', /FULLMAKT_TEST_NAME is used; TEST_NAME says/);
  const alias = readSettings(TABLE, { OLD_NAME: 'old' });
  assert.ok(alias.ok);
  assert.equal(alias.settings.name, 'old');
  assert.deepEqual(alias.warnings, []);
});

/** What is said of one variable that the table does not know. */
function saidOf(variable: string): string {
  const env = { TEST_NAME: 'a', [variable]: 'hush' };
  const result = readSettings(TABLE, env, { prefix: 'FULLMAKT_TEST_', known: new Set(['FULLMAKT_TEST_ELSEWHERE']) });
  return result.ok ? '' : result.problems.join('\n');
}

test('refuses a variable with the prefix that no row names, and never tells its value', () => {
  assert.equal(saidOf('FULLMAKT_TEST_BOGUS'), 'FULLMAKT_TEST_BOGUS is not a setting of this program');
});

test('tells the setting that a misspelt variable is nearest to: two edits, the same letters, or one with a prefix too much', () => {
  const meant: readonly (readonly [string, string])[] = [
    ['FULLMAKT_TEST_NMAE', 'FULLMAKT_TEST_NAME'],
    ['FULLMAKT_TEST_STROES', 'FULLMAKT_TEST_STORE'],
    ['FULLMAKT_TEST_Wait', 'FULLMAKT_TEST_WAIT'],
    ['FULLMAKT_TEST_WHEREELSE', 'FULLMAKT_TEST_ELSEWHERE'],
    ['FULLMAKT_TEST_OLD_NAME', 'OLD_NAME'],
  ];
  for (const [misspelt, name] of meant)
    assert.equal(saidOf(misspelt), `${misspelt} is not a setting of this program; did you mean ${name}?`);
});

test('a setting of another table is known, and so is one of another program', () => {
  assert.equal(saidOf('FULLMAKT_TEST_ELSEWHERE'), '');
  assert.equal(saidOf('FULLMAKT_OTHER_NAME'), '');
});

test('a variable that Kubernetes sets for a Service of our name is refused with what to do about it', () => {
  for (const name of ['SERVICE_HOST', 'API_SERVICE_PORT_HTTP', 'PORT', 'PORT_80_TCP_ADDR'])
    assert.match(saidOf(`FULLMAKT_TEST_${name}`), new RegExp(`_${name} is not a .*enableServiceLinks: false`));
  for (const name of ['PORTS', 'PORT_OFFSET', 'EXPORT'])
    assert.doesNotMatch(saidOf(`FULLMAKT_TEST_${name}`), /enableServiceLinks/, name);
});

test('never puts the value of a secret into a problem', () => {
  const table: SettingsTable<{ key: unknown }> = {
    key: json((value) => {
      throw new Error(`unlike ${JSON.stringify(value)}`);
    })({ env: 'KEY', says: 'A key.', secret: true }),
  };
  for (const value of ['{"d":"hunter2"}', 'hunter2']) {
    const result = readSettings(table, { KEY: value });
    assert.ok(!result.ok);
    assert.doesNotMatch(result.problems.join(), /hunter2/);
  }
});

const DURATIONS: readonly (readonly [string, number])[] = [
  ['90', 90],
  ['10h', 36_000],
  ['1h30m', 5_400],
  ['500ms', 0.5],
  ['1m30s', 90],
  ['1.5h', 5_400],
  ['0', 0],
];
for (const [written, expected] of DURATIONS) {
  test(`reads the duration ${written} as ${expected} seconds`, () => {
    assert.equal(seconds({ env: 'X', says: '' }).parse(written), expected);
  });
}

const REFUSED: readonly (readonly [string, { readonly parse: (text: string) => unknown }, readonly string[]])[] = [
  ['duration', seconds({ env: 'X', says: '' }), ['-1', '1d', '10 h', 'h', '1h30', '1e3', '.5s']],
  ['whole number', integer({ env: 'X', says: '' }), ['-1', '1.5', '0x10', 'NaN', '1e3']],
  ['boolean', boolean({ env: 'X', says: '' }), ['yes', 'on', '2', 'truee']],
  ['URL', url({ env: 'X', says: '' }), ['example.com', 'ftp://a', 'http://u:p@a', 'https://a/#f', '/a', 'https://']],
  ['address', address({ env: 'X', says: '' }), ['7440', 'a:b', '127.0.0.1:70000', '::1:80', 'http://a:1', 'a b:1']],
  ['word', oneOf(['a', 'b'])({ env: 'X', says: '' }), ['c', 'A', 'a b']],
  ['JSON document', json((value) => value)({ env: 'X', says: '' }), ['{', "{'a':1}"]],
];
for (const [kind, setting, values] of REFUSED) {
  test(`refuses what is no ${kind}`, () => {
    for (const value of values) assert.throws(() => setting.parse(value), Error, value);
  });
}

test('reads every kind of value', () => {
  const spec = { env: 'X', says: '' };
  assert.deepEqual(address(spec).parse('127.0.0.1:7440'), { host: '127.0.0.1', port: 7440 });
  assert.deepEqual(address(spec).parse('[::1]:0'), { host: '::1', port: 0 });
  assert.deepEqual(address(spec).parse(':8080'), { host: '0.0.0.0', port: 8080 });
  assert.deepEqual(list(spec).parse('a, b,,c '), ['a', 'b', 'c']);
  assert.equal(url(spec).parse('https://a.test'), 'https://a.test');
  assert.equal(boolean(spec).parse('TRUE'), true);
  assert.equal(boolean(spec).parse('0'), false);
  assert.equal(integer(spec).parse('007'), 7);
  assert.equal(oneOf(['a', 'b'])(spec).parse('b'), 'b');
  assert.deepEqual(json((value) => value)(spec).parse('{"a":[1]}'), { a: [1] });
});

test('reads a duration of any units as their sum', () => {
  const part = fc.tuple(fc.nat(100_000), fc.constantFrom('ms', 's', 'm', 'h'));
  const worth = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
      const expected = parts.reduce((sum, [amount, unit]) => sum + amount * worth[unit], 0) / 1000;
      const read = seconds({ env: 'X', says: '' }).parse(parts.map((each) => each.join('')).join(''));
      assert.ok(Math.abs(read - expected) < 0.001);
    }),
  );
});

test('answers any text with a value or an Error, for every kind', () => {
  const spec = { env: 'X', says: '' };
  const kinds = [text(spec), url(spec), integer(spec), boolean(spec), seconds(spec), list(spec), address(spec)];
  fc.assert(
    fc.property(fc.string(), fc.constantFrom(...kinds), (written, kind) => {
      try {
        kind.parse(written);
      } catch (error) {
        assert.ok(error instanceof Error);
      }
    }),
  );
});

test('describes each setting for the documentation', () => {
  const [name, store, wait, key] = describeSettings(TABLE);
  assert.deepEqual(name, {
    env: 'FULLMAKT_TEST_NAME',
    aliases: ['TEST_NAME', 'OLD_NAME'],
    kind: 'text',
    default: 'required',
    says: 'What it is called.',
    secret: false,
  });
  assert.deepEqual([store?.default, wait?.default, key?.default, key?.secret], ['memory:', '1m30s', 'none', true]);
});

test('masks secrets and the credentials of URLs', () => {
  const settings = { name: 'a', store: 'redis://user:hunter2@host:6379/0', wait: 1, key: 'hunter2' };
  assert.deepEqual(redactSettings(TABLE, settings), {
    name: 'a',
    store: 'redis://[redacted]@host:6379/0',
    wait: 1,
    key: '[redacted]',
  });
});
