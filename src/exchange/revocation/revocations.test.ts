import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { generatePrivateJwk, publicJwk } from '../../oauth/jwk.ts';
import type { Denial } from '../../registry/denial.ts';
import { denialHash } from '../../registry/denial.ts';
import { RegistryUnavailable } from '../../registry/contract.ts';
import { createMemoryRegistry } from '../../registry/registry.ts';
import type { Registry } from '../../registry/registry.ts';
import type { OperatorSettings } from '../operators/operator-settings.ts';
import { administer, bearer, exchangeAs, isActive, revokeAs, selfSigned, tokenFor } from '../testing/operators.ts';
import { IDP, ISSUER, START, createTestKeys, createWorld, defaultData } from '../testing/world.ts';
import type { Answer, World, WorldOptions } from '../testing/world.ts';

const keys = await createTestKeys();
const chief = await generatePrivateJwk('RS256', 'chief-1');

async function open(
  t: TestContext,
  { operator, ...options }: Partial<WorldOptions> & { readonly operator?: Partial<OperatorSettings> } = {},
): Promise<World> {
  const operators = [selfSigned(chief, operator)];
  const world = await createWorld({ keys, ...options, config: { operators, ...options.config } });
  t.after(() => world.close());
  return world;
}

async function order(world: World, body: unknown): Promise<Answer> {
  return administer(world, '/admin/revocations', { token: await bearer(world, chief), body });
}

const KINDS: readonly (readonly [string, Readonly<Record<string, string>>, readonly string[]])[] = [
  ['sid', { value: 's-5' }, ['login', 'first', 'second']],
  ['sid of the issuer', { kind: 'sid', value: 's-5', idp: IDP }, ['login', 'first', 'second']],
  ['sid of another issuer', { kind: 'sid', value: 's-5', idp: 'https://other.example.test' }, []],
  ['sub', { value: 'u-81' }, ['login', 'first', 'second']],
  ['sub of the issuer', { kind: 'sub', value: 'u-81', idp: IDP }, ['login', 'first', 'second']],
  ['sub of us', { kind: 'sub', value: 'u-81', idp: ISSUER }, []],
  ['jti of the login token', { kind: 'jti', value: 'a1' }, ['login']],
  ['client', { value: 'dev:fleet:web' }, ['first']],
  ['client at the provider', { kind: 'client', value: 'login-client' }, ['login']],
  ['client of the second hop', { kind: 'client', value: 'dev:fleet:api' }, ['second']],
];

for (const [what, order_, dead] of KINDS) {
  test(`V3, J7, X14: a revocation by ${what} kills ${dead.join(', ') || 'nothing'} and nothing else`, async (t) => {
    const world = await open(t);
    const login = await world.subject();
    const first = await tokenFor(world, ['web', 'api'], login);
    const second = await tokenFor(world, ['api', 'store'], first);
    const answer = await order(world, { kind: what, ...order_ });
    assert.equal(answer.status, 202, answer.text);
    const alive = {
      login: (await exchangeAs(world, ['web', 'api'], login)).body['fm_reason'] !== 'subject-revoked',
      first: (await isActive(world, 'api', first)) === true,
      second: (await isActive(world, 'store', second)) === true,
    };
    assert.deepEqual(
      Object.entries(alive).flatMap(([name, lives]) => (lives ? [] : [name])),
      dead,
    );
    const chained = await exchangeAs(world, ['api', 'store'], first);
    assert.equal(chained.body['fm_reason'] === 'subject-revoked', dead.includes('first'));
  });
}

test('V3, J7: a user whom another claim names is found by that name, as in the tokens made of it', async (t) => {
  const world = await open(t, { idp: { subFrom: 'pid' } });
  const login = await world.subject({ claims: { sub: undefined, pid: 'p-1' } });
  const first = await tokenFor(world, ['web', 'api'], login);
  assert.equal((await order(world, { kind: 'sub', value: 'p-1', idp: IDP })).status, 202);
  assert.equal(await isActive(world, 'api', first), false);
  assert.equal((await exchangeAs(world, ['web', 'api'], login)).body['fm_reason'], 'subject-revoked');
});

test('V3: tokens issued after notBefore live on, those of that second and before are dead', async (t) => {
  const world = await open(t);
  const now = world.clock.now;
  assert.equal((await order(world, { kind: 'sub', value: 'u-81', notBefore: now - 60 })).status, 202);
  const issuedAt = async (iat: number): Promise<unknown> =>
    (await exchangeAs(world, ['web', 'api'], await world.subject({ claims: { iat } }))).body['fm_reason'];
  assert.equal(await issuedAt(now - 61), 'subject-revoked');
  assert.equal(await issuedAt(now - 60), 'subject-revoked');
  assert.equal(await issuedAt(now - 59), undefined);
});

test('V3: without notBefore a new login is good again as soon as every process knows of the revocation', async (t) => {
  const world = await open(t);
  await order(world, { kind: 'sub', value: 'u-81' });
  const login = async (): Promise<unknown> => {
    const subject = await world.subject({ claims: { iat: world.clock.now } });
    return (await exchangeAs(world, ['web', 'api'], subject)).body['fm_reason'];
  };
  assert.equal(await login(), 'subject-revoked');
  world.clock.now += 3;
  assert.equal(await login(), undefined);
});

test('V3: an earlier revocation of the same session never weakens a later one', async (t) => {
  const world = await open(t);
  await order(world, { kind: 'sid', value: 's-5' });
  await order(world, { kind: 'sid', value: 's-5', notBefore: world.clock.now - 9000 });
  assert.equal((await world.exchange()).body['fm_reason'], 'subject-revoked');
  assert.equal(world.registry.snapshot().denials, 1);
});

test('V4: what was revoked while a request waited for the keys of an issuer gives no token', async (t) => {
  const gate = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const world = await open(t, {
    jwks: async () => {
      asked.resolve();
      await gate.promise;
      return { keys: [publicJwk(keys.idp)] };
    },
  });
  const pending = world.exchange();
  await asked.promise;
  await order(world, { kind: 'sid', value: 's-5' });
  gate.resolve();
  assert.equal((await pending).body['fm_reason'], 'subject-revoked');
});

test('V4: an entry lives as long as any token it can name: the longest maxAge, a day for an issuer without one', async (t) => {
  const lifeOf = async (maxAge: number | undefined): Promise<number> => {
    const world = await open(t, { idp: { maxAge } });
    const answer = await order(world, { kind: 'sid', value: 's-5' });
    return Number(answer.body['expires_at']) - START;
  };
  assert.equal(await lifeOf(undefined), 86_400 + 10);
  assert.equal(await lifeOf(600), 3600 + 10);
  assert.equal(await lifeOf(200_000), 200_000 + 10);
});

function unwritable(): never {
  throw new RegistryUnavailable('gone');
}

function full(expiresAt: number): readonly Denial[] {
  return Array.from({ length: 100_000 }, (_, index) => ({
    kind: 'jti' as const,
    hash: `h${index}`,
    notBefore: START,
    expiresAt,
  }));
}

test('V4, X14: a full deny list answers 503 and raises the alarm; nothing is dropped, and what is there can be renewed', async (t) => {
  const hash = denialHash('sid', 's-4');
  const denials = [...full(START + 60).slice(1), { kind: 'sid' as const, hash, notBefore: 1, expiresAt: START + 60 }];
  const world = await open(t, { data: { denials } });
  const answer = await order(world, { kind: 'sid', value: 's-5' });
  assert.deepEqual([answer.status, answer.body['fm_reason']], [503, 'deny-list-full']);
  assert.equal(world.events.findLast((event) => event.event === 'exchange.deny_list_full')?.entries, 100_000);
  assert.equal(world.registry.snapshot().denials, 100_000);
  const token = await tokenFor(world, ['web', 'api']);
  assert.equal((await revokeAs(world, 'web', token)).status, 503);
  assert.equal((await order(world, { kind: 'sid', value: 's-4' })).status, 202);
  world.clock.now += 61;
  assert.equal((await order(world, { kind: 'sid', value: 's-5' })).status, 202);
  assert.equal(world.events.findLast((event) => event.event === 'exchange.deny_list')?.entries, 2);
});

test('G5: a registry that cannot be written answers 503, and the revocation is not said to be done', async (t) => {
  const registry = createMemoryRegistry({ now: () => START, initial: defaultData(keys) });
  let isGone = false;
  const commit: Registry['commit'] = (version, change) => (isGone ? unwritable() : registry.commit(version, change));
  const world = await open(t, { registry: { ...registry, commit } });
  isGone = true;
  const answer = await order(world, { kind: 'sid', value: 's-5' });
  assert.deepEqual([answer.status, answer.body['fm_reason']], [503, 'registry-unavailable']);
  const token = await tokenFor(world, ['web', 'api']);
  assert.equal((await revokeAs(world, 'web', token)).status, 503);
});

test('V3: a body that is not a revocation is refused, and says which member it is', async (t) => {
  const world = await open(t);
  const bad: readonly (readonly [unknown, RegExp])[] = [
    [{ kind: 'kid', value: 'x' }, /^kind/],
    [{ kind: 'sid' }, /^value/],
    [{ kind: 'sid', value: '' }, /^value/],
    [{ kind: 'sid', value: 's', idp: 5 }, /^idp/],
    [{ kind: 'sid', value: 's', notBefore: '1' }, /^notBefore/],
    [{ kind: 'sid', value: 's', notBefore: START + 3600 }, /^notBefore/],
    [{ kind: 'sid', value: 's', idP: 'https://idp.example.test' }, /idP/],
    [[], /^body/],
  ];
  for (const [body, says] of bad) {
    const answer = await order(world, body);
    assert.deepEqual([answer.status, answer.body['fm_reason']], [400, 'body-malformed']);
    assert.match(String(answer.body['error_description']), says);
  }
  const token = await bearer(world, chief);
  const headers = { Authorization: `Bearer ${token}` };
  for (const text of ['{', '', '{"kind":"sid","kind":"sub","value":"x"}']) {
    const answer = await world.send('POST', '/admin/revocations', { headers, body: text });
    assert.equal(answer.body['fm_reason'], 'body-malformed', text);
  }
  const long = await world.send('POST', '/admin/revocations', { headers, body: `"${'x'.repeat(70_000)}"` });
  assert.equal(long.status, 413);
  assert.equal(world.registry.snapshot().denials, 0);
});

test('T1, N20: revoking takes the right, and for a client the pattern; each order is on record, without the session it names', async (t) => {
  const world = await open(t, { operator: { rights: ['revoke'], clients: ['dev:fleet:*'] } });
  assert.equal((await order(world, { kind: 'client', value: 'prod:fleet:web' })).status, 403);
  assert.equal((await order(world, { kind: 'client', value: 'dev:fleet:web' })).status, 202);
  assert.equal((await order(world, { kind: 'sid', value: 's-secret' })).status, 202);
  const told = world.events.filter((event) => event.event === 'exchange.administered');
  assert.deepEqual(
    told.map(({ action, on, outcome }) => [action, on, outcome]),
    [
      ['revoke', 'prod:fleet:web', 'refused'],
      ['revoke', 'dev:fleet:web', 'done'],
      ['revoke', 'sid', 'done'],
    ],
  );
  assert.ok(!JSON.stringify([world.events, await world.registry.audit(10)]).includes('s-secret'));
  const other = await open(t, { operator: { rights: ['read'] } });
  assert.equal((await order(other, { kind: 'sid', value: 's-5' })).status, 403);
  assert.equal(other.registry.snapshot().denials, 0);
});
