import assert from 'node:assert/strict';
import test from 'node:test';
import { requireRole, requireScope } from './index.ts';
import { makeAuth } from './testing/auth.ts';
import { CLAIMS, makeKeys, mint } from './testing/fixtures.ts';

const keys = await makeKeys();

test('guard.refused says which guard, why and of whom, once for each refusal and without the token (5.4)', async (t) => {
  const { auth, events } = makeAuth(t, keys);
  const token = await mint(CLAIMS['tokenx-user'], keys.issuer);
  const request = { headers: { authorization: `Bearer ${token}` } };
  const guard = requireScope('fleet:write');
  assert.equal((await auth.authenticate(request, guard)).ok, false);
  const told = events.filter(({ event }) => event === 'guard.refused');
  assert.equal(told.length, 1);
  const [first] = told;
  assert.ok(first?.event === 'guard.refused');
  assert.deepEqual([first.code, first.provider, first.guard], ['scope_missing', 'tokenx', guard.text]);
  assert.match(first.explanation ?? '', /fleet:write/);
  assert.doesNotMatch(JSON.stringify(events), /eyJ|01819090285/);
  // The token itself was good: that is told too, and before.
  assert.deepEqual(
    events.map(({ event }) => event),
    ['keys.fetched', 'token.accepted', 'guard.refused'],
  );
});

test('a guard that lets in tells nothing of its own (5.4)', async (t) => {
  const { auth, events } = makeAuth(t, keys);
  const token = await mint(CLAIMS['tokenx-machine'], keys.issuer);
  const passed = await auth.authenticate({ headers: { authorization: `Bearer ${token}` } }, requireRole('read'));
  assert.ok(passed.ok);
  assert.ok(!events.some(({ event }) => event === 'guard.refused'));
});
