import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { GRANT } from '../../oauth/client-assertion.ts';
import { publicJwk } from '../../oauth/jwk.ts';
import { createTestKeys, createWorld, idportenClient, testApp, testClient } from '../testing/world.ts';
import type { Client, Grant } from '../../registry/model.ts';
import type { Answer } from '../testing/world.ts';

const keys = await createTestKeys();
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
/** Rules of `a`..`d` in four shapes; `e` is disabled, `f` names nobody. */
const RULES: Readonly<Record<string, readonly string[]>> = {
  a: ['dev:fleet:b', 'dev:fleet:e', 'dev:other:c', 'prod:fleet:d', 'dev:fleet:a'],
  b: ['dev:fleet:*', 'dev:fleet:not-deployed-yet'],
  c: ['dev:*:a', 'dev:*:*'],
  d: ['prod:*:*', 'dev:other:*', 'dev:fleet:c'],
  e: ['dev:fleet:a', 'dev:fleet:b'],
};
const world = await createWorld({
  keys,
  data: {
    apps: NAMES.map((name) => testApp(name, name === 'e' ? { state: 'disabled' } : {})),
    clients: [...NAMES.map(bothGrants), idportenClient('a', 'login-client')],
    grants: Object.entries(RULES).flatMap(([target, rules]) => rules.map((rule) => grant(target, rule))),
  },
});
after(() => world.close());

/** A client that may ask for users and for itself. */
function bothGrants(name: string): Client {
  const grantTypes = ['token-exchange', 'client_credentials'] as const;
  return { ...testClient(name, [publicJwk(keys.client)]), registration: { provider: 'tokenx', token: {}, grantTypes } };
}

function grant(target: string, rule: string): Grant {
  const [cluster = '', namespace = '', name = ''] = rule.split(':');
  const position = { file: `${target}.yaml`, line: 9, column: 1, path: 'spec.accessPolicy.inbound.rules[0]' };
  return { target: testApp(target).id, consumer: { cluster, namespace, name }, roles: [], scopes: [], position };
}

/** The rules read again, the slow and plain way, as a regular expression each. */
function oracle(from: string, to: string, wildcards: boolean): string {
  if (from === 'e') return 'client-auth-failed';
  if (to === 'e') return 'target-disabled';
  const caller = `dev:fleet:${from}`;
  const rules = RULES[to] ?? [];
  const matches = (rule: string): boolean => new RegExp(`^${rule.replaceAll('*', '[^:]+')}$`).test(caller);
  if (rules.includes(caller)) return 'issued';
  if (from === to) return 'no-rule';
  if (!rules.some(matches)) return 'no-rule';
  return wildcards ? 'issued' : 'wildcard-network-only';
}

const FOR_ITSELF = {
  grant_type: GRANT.clientCredentials,
  subject_token: undefined,
  subject_token_type: undefined,
};

const call = async (from: string, to: string, grantType: object = {}): Promise<Answer> => {
  const id = `dev:fleet:${from}`;
  return world.exchange({
    ...grantType,
    audience: `dev:fleet:${to}`,
    client_assertion: await world.assertion({ claims: { iss: id, sub: id } }),
  });
};

for (const wildcardGrants of ['network-only', 'tokens'] as const) {
  test(`X08: every pair of six applications, wildcards ${wildcardGrants}, answers as the rules read, to both grants alike (P2 to P5, M1)`, async () => {
    const { version } = world.registry.snapshot();
    assert.equal(await world.registry.commit(version, { wildcardGrants }), 'ok');
    for (const from of NAMES) {
      for (const to of NAMES) {
        const expected = oracle(from, to, wildcardGrants === 'tokens');
        for (const grantType of [{}, FOR_ITSELF]) {
          const answer = await call(from, to, grantType);
          assert.equal(answer.body['fm_reason'] ?? 'issued', expected, `${from} -> ${to}`);
          assert.equal(world.lastDecision()?.reason, expected);
        }
      }
    }
  });
}

test('P8: a denial carries the change of the manifest that would allow it, and names both applications to the caller', async () => {
  const answer = await call('f', 'a');
  assert.equal(answer.body['error_description'], 'dev:fleet:a has no inbound rule for dev:fleet:f');
  const decision = world.lastDecision();
  assert.equal(decision?.fix, 'add `- application: f` under spec.accessPolicy.inbound.rules in a.yaml:7');
  assert.deepEqual([decision?.caller, decision?.target, decision?.decision], ['dev:fleet:f', 'dev:fleet:a', 'deny']);
});

test('P3, G3: a rule counts from the commit on, and no longer than it stands', async () => {
  assert.equal((await call('f', 'a')).body['fm_reason'], 'no-rule');
  const target = testApp('a').id;
  const change = (grants: readonly Grant[]): Promise<string> =>
    world.registry.commit(world.registry.snapshot().version, { replaceGrants: [{ target, grants }] });
  assert.equal(await change([grant('a', 'dev:fleet:f')]), 'ok');
  assert.equal((await call('f', 'a')).status, 200);
  assert.equal(world.lastDecision()?.version, world.registry.snapshot().version);
  assert.equal(await change([]), 'ok');
  assert.equal((await call('f', 'a')).body['fm_reason'], 'no-rule');
});

test('P1: the audience is an application id byte for byte; what we do not know is not repeated', async () => {
  for (const audience of [
    'dev:fleet:A',
    'dev:fleet:a ',
    'dev:fleet',
    'dev:fleet:a:b',
    'dev.fleet.a',
    'https://a',
    '*',
    'dev:fleet:*',
  ]) {
    const answer = await world.exchange({
      audience,
      client_assertion: await world.assertion({ claims: { iss: 'dev:fleet:b', sub: 'dev:fleet:b' } }),
    });
    assert.equal(answer.body['fm_reason'], 'target-unknown', audience);
    assert.ok(!String(answer.body['error_description']).includes(audience.trim()) || audience === '*', audience);
  }
});

test('L1, L2: an issued token is on record with who, for whom, by which rule and under which names, and no person in it', async () => {
  const subject_token = await world.subject({ claims: { pid: '00000000000' } });
  const id = 'dev:fleet:b';
  const answer = await world.exchange(
    {
      subject_token,
      audience: 'dev:fleet:a',
      client_assertion: await world.assertion({ claims: { iss: id, sub: id } }),
    },
    { 'X-Correlation-ID': 'c-77' },
  );
  // The rules of `a` were removed above: put the one that is needed back.
  assert.equal(answer.body['fm_reason'], 'no-rule');
  await world.registry.commit(world.registry.snapshot().version, {
    replaceGrants: [{ target: testApp('a').id, grants: [grant('a', id)] }],
  });
  const issued = await world.exchange(
    {
      subject_token,
      audience: 'dev:fleet:a',
      client_assertion: await world.assertion({ claims: { iss: id, sub: id } }),
    },
    { 'X-Correlation-ID': 'c-77' },
  );
  assert.equal(issued.status, 200);
  assert.equal(issued.headers['x-correlation-id'], 'c-77');
  const { subject, sid, ms, kid, jtiOut, ...rest } = world.lastDecision() ?? assert.fail('no record');
  assert.deepEqual(rest, {
    event: 'exchange',
    decision: 'allow',
    outcome: 'issued',
    reason: 'issued',
    grant: 'token-exchange',
    version: world.registry.snapshot().version,
    cid: 'c-77',
    src: '127.0.0.1',
    claimed_client: id,
    caller: id,
    method: 'private_key_jwt',
    key: 'client-1',
    target: 'dev:fleet:a',
    rules: ['dev:fleet:a#0'],
    issuer: 'https://idp.example.test',
    jtiIn: 'a1',
    act: [id],
  });
  assert.ok(ms >= 0 && kid !== undefined && jtiOut !== undefined);
  for (const name of [subject, sid]) assert.match(String(name), /^h[0-9a-f]{6}:[\w-]{22}$/);
  assert.doesNotMatch(JSON.stringify(world.events), /u-81|00000000000|eyJ/);
});
