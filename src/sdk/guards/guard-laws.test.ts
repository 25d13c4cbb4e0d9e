import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { allOf, anyOf, anyPrincipal, AuthError } from '../index.ts';
import type { Guard, Principal } from '../index.ts';
import { makeKeys } from '../testing/fixtures.ts';
import { judge, makePrincipals } from '../testing/principals.ts';
import { createGuard } from './guard.ts';

const who: Principal = await makePrincipals(await makeKeys()).of('idporten');

const CODES = [
  'wrong_kind',
  'scope_missing',
  'role_missing',
  'group_missing',
  'acr_too_low',
  'caller_not_allowed',
] as const;

/** A guard with one verdict, and a name so that every refusal tells whose it is. */
const guard: fc.Arbitrary<Guard> = fc
  .record({ code: fc.option(fc.constantFrom(...CODES)), name: fc.uuid(), needs: fc.boolean() })
  .map(({ code, name, needs }) =>
    createGuard(
      name,
      () => (code === null ? undefined : new AuthError(code, { explanation: name })),
      needs ? 'caller-list' : undefined,
    ),
  );

/** Verdict and whose refusal it is. */
function told(each: Guard): readonly unknown[] {
  const outcome = each(who);
  return outcome.ok ? ['ok'] : [outcome.error.code, outcome.error.explanation];
}

const passes = (each: Guard): boolean => judge(each, who) === 'ok';
const check = (law: (a: Guard, b: Guard, c: Guard) => void): void => {
  fc.assert(fc.property(guard, guard, guard, law));
};

test('allOf passes when all do, anyOf when one does, in whatever order they stand', () => {
  check((a, b, c) => {
    const all = passes(a) && passes(b) && passes(c);
    const any = passes(a) || passes(b);
    for (const order of [
      [a, b, c],
      [c, b, a],
      [b, a, c],
    ] as const)
      assert.equal(passes(allOf(...order)), all);
    assert.equal(passes(anyOf(a, b)), any);
    assert.equal(passes(anyOf(b, a)), any);
  });
});

test('both report their first refusal', () => {
  check((a, b, c) => {
    const first = [a, b, c].find((each) => !passes(each));
    assert.deepEqual(told(allOf(a, b, c)), first === undefined ? ['ok'] : told(first));
    assert.deepEqual(told(anyOf(a, b)), passes(a) || passes(b) ? ['ok'] : told(a));
  });
});

test('how they are nested makes no difference, to the verdict or to what is reported', () => {
  check((a, b, c) => {
    assert.deepEqual(told(allOf(allOf(a, b), c)), told(allOf(a, allOf(b, c))));
    assert.deepEqual(told(allOf(allOf(a, b), c)), told(allOf(a, b, c)));
    assert.deepEqual(told(anyOf(anyOf(a, b), c)), told(anyOf(a, anyOf(b, c))));
  });
});

test('each distributes over the other, a guard added twice changes nothing, and anyPrincipal adds nothing to allOf', () => {
  check((a, b, c) => {
    assert.equal(passes(allOf(a, anyOf(b, c))), passes(anyOf(allOf(a, b), allOf(a, c))));
    assert.equal(passes(anyOf(a, allOf(b, c))), passes(allOf(anyOf(a, b), anyOf(a, c))));
    assert.deepEqual(told(allOf(a, a)), told(a));
    assert.deepEqual(told(anyOf(a, a)), told(a));
    assert.deepEqual(told(allOf(a, anyPrincipal)), told(a));
    assert.deepEqual(told(allOf(anyPrincipal, a)), told(a));
    assert.deepEqual(told(anyOf(a, anyPrincipal)), ['ok']);
  });
});

test('what one of them needs, all of them together need, and the text says the whole rule', () => {
  check((a, b, c) => {
    const needs = [a, b, c].some((each) => each.needs !== undefined) ? 'caller-list' : undefined;
    assert.equal(allOf(a, anyOf(b, c)).needs, needs);
    assert.equal(anyOf(allOf(a, b), c).needs, needs);
    assert.equal(allOf(a, anyOf(b, c)).text, `${a.text} and (${b.text} or ${c.text})`);
  });
});

test('a guard is asked for no more than it takes', () => {
  const unasked = createGuard('never asked', () => assert.fail('it was asked'));
  const refusing = createGuard('refuses', () => new AuthError('wrong_kind'));
  assert.equal(judge(allOf(anyPrincipal, refusing, unasked), who), 'wrong_kind');
  assert.equal(judge(anyOf(anyPrincipal, unasked), who), 'ok');
});
