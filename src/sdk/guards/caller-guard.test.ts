import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { ConfigError, create, fromEnv, requireCaller } from '../index.ts';
import type { Guard, Principal } from '../index.ts';
import { CLAIMS, ENV, makeKeys } from '../testing/fixtures.ts';
import { judge, makePrincipals } from '../testing/principals.ts';
import { allOf, anyOf, anyPrincipal, requireUser } from '../index.ts';
import { matchesApp } from './callers.ts';

const keys = await makeKeys();
const inbound = (...apps: string[]): object => ({ FULLMAKT_INBOUND_APPS: JSON.stringify(apps) });

test('the caller is who azp says; azp_name is never consulted, whatever it claims (5.2)', async () => {
  const { of } = makePrincipals(keys);
  const liar = { azp: 'other', azp_name: 'local:fleet:case-desk' };
  for (const kind of ['entra-user', 'entra-machine'] as const) {
    const who = await of(kind, liar);
    for (const guard of [requireCaller(), requireCaller('local:fleet:case-desk'), requireCaller('caller-id')]) {
      assert.equal(judge(guard, who), 'caller_not_allowed');
    }
    assert.deepEqual([who.caller, who.callerInPolicy], ['other', false]);
    const modest = await of(kind, { azp_name: 'local:fleet:stranger' });
    assert.equal(judge(requireCaller('local:fleet:case-desk'), modest), 'ok');
    assert.equal(judge(requireCaller('local:fleet:stranger'), modest), 'caller_not_allowed');
  }
});

test('at TokenX the caller is who client_id says, whatever azp and act claim', async () => {
  const { of } = makePrincipals(keys);
  const liar = { client_id: 'local:fleet:other', azp: 'local:fleet:portal', act: { sub: 'local:fleet:portal' } };
  assert.equal(judge(requireCaller(), await of('tokenx-user', liar)), 'caller_not_allowed');
});

test('arguments narrow the list and never widen it', async () => {
  const { of } = makePrincipals(keys);
  const [desk, portal] = [await of('entra-machine'), await of('tokenx-machine')];
  assert.equal(judge(requireCaller('caller-id', 'local:fleet:portal'), desk), 'ok');
  assert.equal(judge(requireCaller('caller-id', 'local:fleet:portal'), portal), 'ok');
  assert.equal(judge(requireCaller('local:fleet:portal'), desk), 'caller_not_allowed');
  const stranger = await of('entra-machine', { azp: 'stranger' });
  assert.equal(judge(requireCaller('stranger'), stranger), 'caller_not_allowed');
});

test('a star as a whole part stands for exactly one part; anything else is compared as it is', async () => {
  for (const [apps, passes] of [
    [['local:fleet:*'], true],
    [['*:*:portal'], true],
    [['*:*:*'], true],
    [['x:y:z', 'local:fleet:portal'], true],
    [['local:fleet:port*'], false],
    [['local:other:*'], false],
    [['LOCAL:fleet:portal'], false],
    [[], false],
  ] as const) {
    const { verdict } = makePrincipals(keys, inbound(...apps));
    assert.equal(await verdict(requireCaller(), 'tokenx-user'), passes ? 'ok' : 'caller_not_allowed', apps.join());
  }
  assert.equal(matchesApp(['*:*:*'], 'a:b:c:d'), false);
  assert.equal(matchesApp(['*:*:*'], 'a:b'), false);
});

test('property: without a star only the same name matches, and each star frees one part', () => {
  const part = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
  const name = fc.tuple(part, part, part);
  fc.assert(
    fc.property(name, name, fc.subarray([0, 1, 2]), (ours, theirs, starred) => {
      const pattern = ours.map((each, at) => (starred.includes(at) ? '*' : each));
      const expected = ours.every((each, at) => starred.includes(at) || each === theirs[at]);
      assert.equal(matchesApp([pattern.join(':')], theirs.join(':')), expected);
      assert.equal(matchesApp([pattern.join(':')], ours.join(':')), true);
    }),
  );
});

test('without a list nobody passes, and a guard that needs one is refused when it is mounted (5.2)', async () => {
  const { of } = makePrincipals(keys, { AZURE_APP_PRE_AUTHORIZED_APPS: '' });
  const who: Principal = await of('entra-user');
  assert.deepEqual([who.callerInPolicy, judge(requireCaller(), who)], [undefined, 'caller_not_allowed']);
  const issuer = {
    provider: 'tokenx',
    issuer: CLAIMS['tokenx-user']['iss'] as string,
    keys: { jwksUri: 'https://op.example/jwks' },
    audience: ['me'],
  } as const;
  // The list of a provider whose tokens are not accepted is none.
  const auth = create([issuer], { env: { AZURE_APP_PRE_AUTHORIZED_APPS: '[]' } });
  const needing: readonly Guard[] = [
    requireCaller(),
    requireCaller('a:b:c'),
    allOf(requireUser(), requireCaller()),
    allOf(requireUser(), requireUser(), requireCaller()),
    anyOf(anyPrincipal, requireCaller()),
    anyOf(allOf(requireCaller(), requireUser()), anyPrincipal),
  ];
  for (const guard of needing) {
    assert.throws(
      () => auth.checkGuard(guard),
      (error) => {
        assert.ok(error instanceof ConfigError);
        return error.findings.some((finding) => /AZURE_APP_PRE_AUTHORIZED_APPS or FULLMAKT_INBOUND_APPS/.test(finding));
      },
      guard.text,
    );
  }
  const listed = fromEnv({ env: ENV });
  for (const guard of needing) listed.checkGuard(guard);
  auth.checkGuard(allOf(requireUser(), anyPrincipal));
  auth.close();
  listed.close();
});
