import assert from 'node:assert/strict';
import test from 'node:test';
import { inspect } from 'node:util';
import {
  allOf,
  anyOf,
  anyPrincipal,
  ConfigError,
  fromEnv,
  requireAcr,
  requireCaller,
  requireConsumer,
  requireGroup,
  requireMachine,
  requireRole,
  requireScope,
  requireUser,
} from '../index.ts';
import type { Guard } from '../index.ts';
import { ENV } from '../testing/fixtures.ts';

/** Rules for scopes, roles and groups that are none. */
const RULES: readonly unknown[] = [
  '',
  ' ',
  'two words',
  'a\tb',
  'a\n',
  '\u00a0a',
  [],
  ['a'],
  {},
  null,
  undefined,
  1,
  { any: [] },
  { all: [] },
  { any: 'a' },
  { any: [''] },
  { all: ['a', 'b c'] },
  { all: ['a', 1] },
  { any: [undefined] },
  { any: ['a'], all: ['a'] },
  { any: ['a'], none: ['b'] },
  { some: ['a'] },
];

const rejects = (make: () => unknown, what: string): void => assert.throws(make, ConfigError, what);

for (const [name, make] of [
  ['requireScope', requireScope],
  ['requireRole', requireRole],
  ['requireGroup', requireGroup],
] as const) {
  test(`L15 error-semantics: ${name} refuses a rule that is empty, holds white space or is no rule, when it is made`, () => {
    for (const rule of RULES) rejects(() => make(rule as never), JSON.stringify(rule));
    assert.throws(() => make('two words'), new RegExp(name), 'the error names the guard');
    for (const rule of ['a', { any: ['a'] }, { all: ['a', 'b'] }] as const) assert.equal(typeof make(rule), 'function');
    // One more argument would be passed over, and let in who lacks it.
    const told = new RegExp(`${name}: one rule is taken; .*any: \\[…\\].* all: \\[…\\]`);
    assert.throws(() => Reflect.apply(make, undefined, ['a', 'b']), told);
  });
}

test('L15 error-semantics: providers, levels, callers and organisations that are none are refused when the guard is made', () => {
  for (const name of ['', 'azuread', 'tokenx ', 'Tokenx', 'oidc:', 'oidc:Mine', 'oidc:a-b', null, undefined, 1]) {
    rejects(() => requireUser(name as 'tokenx'), inspect(name));
    rejects(() => requireMachine('entra_id', name as 'tokenx'), inspect(name));
  }
  for (const minimum of ['', 'low', 'level4', 'Level4', 'idporten-loa-high', 'High', undefined, '__proto__']) {
    rejects(() => requireAcr(minimum as 'high'), inspect(minimum));
  }
  for (const caller of ['', ' ', 'a b', 'a:b:c ', null, undefined, 1, ['a']]) {
    rejects(() => requireCaller(caller as string), inspect(caller));
  }
  for (const numbers of [
    [],
    [''],
    ['0192:310000019'],
    ['31000001'],
    ['3100000190'],
    ['31000001a'],
    [310_000_019],
    [null],
  ]) {
    rejects(() => requireConsumer(...(numbers as unknown as [string])), JSON.stringify(numbers));
  }
});

test('L15 error-semantics: what is no guard joins none, and is never mounted', (t) => {
  const auth = fromEnv({ env: ENV });
  t.after(() => auth.close());
  const strangers = [undefined, null, {}, 'anyPrincipal', true, (): object => ({ ok: true }), requireUser];
  for (const stranger of strangers) {
    rejects(() => allOf(anyPrincipal, stranger as never), inspect(stranger));
    rejects(() => allOf(anyPrincipal, anyPrincipal, stranger as never), inspect(stranger));
    rejects(() => anyOf(stranger as never, anyPrincipal), inspect(stranger));
    rejects(() => auth.checkGuard(stranger as Guard), inspect(stranger));
  }
});

test('L15 error-semantics: a third guard of anyOf and a second level are refused, for they would be passed over', () => {
  const user = requireUser();
  assert.throws(
    () => Reflect.apply(anyOf, undefined, [user, user, user]),
    /anyOf: two guards are taken; .* another anyOf/,
  );
  assert.throws(() => Reflect.apply(requireAcr, undefined, ['substantial', 'high']), /requireAcr: one level is taken/);
});

test('a list of rules is mapped to guards, and guards are reduced to one: the index that comes besides is no argument too many (L15)', () => {
  const scopes = ['a', 'b'].map(requireScope);
  assert.deepEqual(
    [...scopes, ...(['substantial', 'high'] as const).map(requireAcr)].map(({ text }) => text),
    ['scope a', 'scope b', 'acr substantial', 'acr high'],
  );
  assert.equal([...scopes, requireScope('c')].reduce(anyOf).text, '((scope a or scope b) or scope c)');
});

test('whoever mounts a function that makes guards is told to call it, and not to let everyone pass (L15)', async (t) => {
  const auth = fromEnv({ env: ENV });
  t.after(() => auth.close());
  for (const stranger of [requireUser, (): boolean => true]) {
    assert.throws(
      () => auth.checkGuard(stranger as never),
      (error) =>
        error instanceof ConfigError && /call it, as/.test(error.message) && !/anyPrincipal/.test(error.message),
    );
  }
  assert.throws(() => auth.checkGuard(undefined as never), /a guard is missing: write anyPrincipal/);
});

test('a guard made of what is none says which of its arguments it is, and what it looks like (L15)', () => {
  const user = requireUser('tokenx');
  for (const [make, told] of [
    [() => allOf(user, undefined as never), /allOf: argument 2 is no guard: it is missing/],
    [() => allOf(requireUser as never, user), /allOf: argument 1 is no guard: it is a function .*requireAcr\('high'\)/],
    [() => anyOf([user, user] as never, user), /anyOf: argument 1 is no guard: it is a list/],
    [() => requireUser(['tokenx'] as never), /requireUser: names come one by one, not as a list/],
    [() => requireMachine(undefined as never), /requireMachine: undefined is not a provider/],
    [() => requireCaller(['a:b:c'] as never), /requireCaller: names come one by one, not as a list/],
    [() => requireScope(['a'] as never), /requireScope: a text, or \{ any: \[…\] \} or \{ all: \[…\] \}, is needed/],
    [() => requireScope('a b'), /requireScope: .* without white space/],
  ] as const) {
    assert.throws(make, (error) => error instanceof ConfigError && told.test(error.message), String(told));
  }
});
