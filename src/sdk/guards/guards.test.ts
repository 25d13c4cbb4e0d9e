import assert from 'node:assert/strict';
import test from 'node:test';
import {
  allOf,
  anyOf,
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
import { makeKeys } from '../testing/fixtures.ts';
import { makePrincipals } from '../testing/principals.ts';

const citizen = await makePrincipals(await makeKeys()).of('idporten');

test('refusals say what was expected, what came, and which manifest line would help', () => {
  const cases: readonly [Guard, RegExp][] = [
    [requireCaller(), /spec\.accessPolicy\.inbound\.rules/],
    [requireGroup('g'), /group g, got none; .*spec\.azure\.application\.claims\.groups/],
    [requireAcr('high'), /idporten-loa-high or higher, got idporten-loa-substantial; .*spec\.login\.level/],
    [requireRole('r'), /role r, got none; .*permissions\.roles/],
    [requireScope('s'), /scope s, got openid, profile; .*permissions\.scopes/],
    [requireConsumer('310000020'), /spec\.maskinporten\.scopes\.exposes/],
    [requireMachine('tokenx'), /a machine of tokenx, got kind user of idporten/],
  ];
  for (const [guard, expected] of cases) {
    const outcome = guard(citizen);
    assert.match(outcome.ok ? 'passed' : (outcome.error.explanation ?? ''), expected);
  }
});

test('the text of a guard is its rule in words', () => {
  const { text } = allOf(requireUser(), anyOf(requireGroup('g'), requireRole({ any: ['r', 's'] })), requireCaller());
  assert.equal(text, 'a user of any provider and (group g or role r or s) and a caller of the access policy');
});
