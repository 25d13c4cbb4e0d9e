import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { generatePrivateJwk, publicJwk } from '../../oauth/jwk.ts';
import { createMemoryReplay } from '../../store/replay-memory.ts';
import type { ReplayStore } from '../../store/replay.ts';
import type { OperatorSettings } from '../operators/operator-settings.ts';
import { ADMIN_AUDIENCE, administer, bearer, selfSigned } from '../testing/operators.ts';
import { CLIENTS, register, registrationBody } from '../testing/registrations.ts';
import type { Wish } from '../testing/registrations.ts';
import { ISSUER, START, createTestKeys, createWorld } from '../testing/world.ts';
import type { Answer, Change, World, WorldOptions } from '../testing/world.ts';

const keys = await createTestKeys();
const [chief, curve] = await Promise.all([
  generatePrivateJwk('RS256', 'chief-1'),
  generatePrivateJwk('ES256', 'statement-2'),
]);
const HUB = 'https://hub.example.test';
const statementKeys = { keys: [publicJwk(chief), publicJwk(curve)] };
const API = 'dev:fleet:new-api';

type Options = Partial<WorldOptions> & { readonly operator?: Partial<OperatorSettings> };

async function open(t: TestContext, { operator, ...options }: Options = {}): Promise<World> {
  const operators = [selfSigned(chief, { statementKeys, ...operator })];
  const world = await createWorld({ keys, ...options, config: { operators, ...options.config } });
  t.after(() => world.close());
  return world;
}

async function hand(world: World, statement: Change = {}, changes: Partial<Wish> = {}): Promise<Answer> {
  const { key = chief, ...change } = statement;
  const token = await bearer(world, chief);
  return register(world, token, { app: API, statementKey: key, clientKey: keys.client, statement: change, ...changes });
}

const without = (...names: readonly string[]): Change => ({
  claims: Object.fromEntries(names.map((name) => [name, undefined])),
});

const REFUSED: Readonly<Record<string, Change>> = {
  'no appId': without('appId'),
  'an empty appId': { claims: { appId: '' } },
  'an appId that is no text': { claims: { appId: ['dev:fleet:x'] } },
  'an appId of two parts': { claims: { appId: 'fleet:x' } },
  'an appId with a dot': { claims: { appId: 'dev:fleet:x.y' } },
  'an appId with *': { claims: { appId: 'dev:fleet:*' } },
  'no inbound list': without('accessPolicyInbound'),
  'no outbound list': without('accessPolicyOutbound'),
  'an inbound list that is null': { claims: { accessPolicyInbound: null } },
  'an inbound list as text': { claims: { accessPolicyInbound: API } },
  'no audience': without('aud'),
  'another audience': { claims: { aud: 'https://other.example.test' } },
  'the token endpoint as audience': { claims: { aud: `${ISSUER}/token` } },
  'two audiences': { claims: { aud: [ISSUER, 'https://other.example.test'] } },
  'an audience with a slash more': { claims: { aud: `${ISSUER}/` } },
  'no end': without('exp'),
  'an end that has passed': { claims: { exp: START - 11 } },
  'an end more than 300 s ahead': { claims: { exp: START + 301 } },
  'an end that is no number': { claims: { exp: String(START + 60) } },
  'a beginning that lies ahead': { claims: { nbf: START + 60 } },
  'an issue that lies ahead': { claims: { iat: START + 30 } },
  'no jti': without('jti'),
  'an empty jti': { claims: { jti: '' } },
  'a jti that is a number': { claims: { jti: 5 } },
  'a jti of 129 characters': { claims: { jti: 'x'.repeat(129) } },
  'a signature by somebody else': { key: keys.stranger },
  'a signature by the client': { key: keys.client },
  'the kid of another key': { header: { kid: 'statement-2' }, key: { ...keys.stranger, kid: 'chief-1' } },
  'another kind of token': { header: { typ: 'at+jwt' } },
  'a key in the header': { header: { jwk: publicJwk(chief) } },
  'over 48 KiB': { claims: { padding: 'x'.repeat(37_000) } },
};

test('X13, N20, T5: a statement that is not wholly in order is refused, spends nothing and writes nothing', async (t) => {
  const world = await open(t);
  for (const [what, change] of Object.entries(REFUSED)) {
    const answer = await hand(world, change);
    assert.deepEqual([answer.status, answer.body['error']], [400, 'invalid_software_statement'], what);
  }
  assert.deepEqual(world.remembered, []);
  assert.equal(world.registry.snapshot().version, 1);
});

test('T5: a statement for the registration endpoint, in a list of one, for 300 s, by a key of another algorithm is taken', async (t) => {
  const world = await open(t);
  const good: readonly Change[] = [
    {},
    { claims: { aud: `${ISSUER}/registration/client` } },
    { claims: { aud: [ISSUER] } },
    { claims: { exp: START + 300, iat: START, nbf: START } },
    { claims: { exp: START - 9 } },
    { claims: { iss: 'anybody', sub: 'anything', more: { a: 1 } } },
    { claims: { jti: 'x'.repeat(128) } },
    { header: { typ: undefined } },
    { key: curve },
  ];
  for (const change of good) {
    const answer = await hand(world, change);
    assert.equal(answer.status, 201, `${JSON.stringify(change.claims)}: ${answer.text}`);
  }
});

test('T5: an operator without keys for statements registers nobody', async (t) => {
  const world = await open(t, { operator: { statementKeys: undefined } });
  assert.equal((await hand(world)).body['error'], 'invalid_software_statement');
});

const ENTRIES: readonly unknown[] = [
  'web',
  'fleet:web',
  'dev:fleet:web:x',
  '*:fleet:web',
  '*:*:*',
  '*',
  'dev:fleet:we*',
  'dev:fl*:web',
  'dev::web',
  'dev:fleet:',
  'DEV:fleet:web',
  'dev:fleet:web ',
  'dev:fleet:web.no',
  '',
  5,
  null,
  { application: 'web' },
];

test('T6: an entry that is not cluster:namespace:name is refused, and the description says which', async (t) => {
  const world = await open(t);
  for (const entry of ENTRIES) {
    for (const list of ['accessPolicyInbound', 'accessPolicyOutbound']) {
      const answer = await hand(world, { claims: { [list]: ['dev:fleet:web', entry] } });
      assert.deepEqual([answer.status, answer.body['error']], [400, 'invalid_software_statement'], String(entry));
      assert.match(String(answer.body['error_description']), new RegExp(String.raw`${list}\[1\]`));
    }
  }
});

test('X13, T5: a statement is used once, by whom and for what keys it may be', async (t) => {
  const rival = selfSigned(chief, { name: 'rival', subjects: ['rival'], statementKeys, clients: ['dev:*'] });
  const world = await open(t, { config: { operators: [selfSigned(chief, { statementKeys }), rival] } });
  const body = await registrationBody(world, { app: API, statementKey: chief, clientKey: keys.client });
  const send = async (changes: object = {}): Promise<Answer> =>
    administer(world, CLIENTS, { token: await bearer(world, chief), body: { ...body, ...changes } });
  assert.equal((await send({ client_name: '' })).status, 400);
  const all = await Promise.all(Array.from({ length: 8 }, () => send()));
  assert.deepEqual(
    all.map(({ status }) => status).toSorted((one, other) => one - other),
    [201, 400, 400, 400, 400, 400, 400, 400],
  );
  const again = await send({ jwks: { keys: [publicJwk(keys.stranger)] } });
  assert.deepEqual([again.body['error'], again.body['fm_reason']], ['invalid_software_statement', 'statement-replay']);
  assert.deepEqual(world.registry.snapshot().clientOf(API, 'tokenx')?.keys[0]?.kid, 'client-1');
});

test('T5, F04: what may have been used before the replay store began is refused; a store that is down is a 503', async (t) => {
  const young = await open(t, { rememberedSince: START - 100 });
  assert.equal((await hand(young)).body['fm_reason'], 'statement-replay');
  assert.equal((await hand(young, { claims: { iat: START } })).status, 201);
  const memory = createMemoryReplay({ now: () => START });
  t.after(() => memory.close());
  const store: ReplayStore = { ...memory, claim: () => Promise.reject(new Error('down')) };
  const answer = await hand(await open(t, { store }));
  assert.deepEqual(
    [answer.status, answer.headers['retry-after'], answer.body['fm_reason']],
    [503, '1', 'replay-unavailable'],
  );
});

/** Who may hand in statements without a date. */
const UNDATED: readonly (readonly [string, boolean, Partial<OperatorSettings>, 'none' | 'tokendings'])[] = [
  ['an operator that signs for itself', false, {}, 'none'],
  ['the same in place of tokendings', false, {}, 'tokendings'],
  ['the same, if its settings say so', true, { undatedStatements: true }, 'none'],
  ['an operator that an issuer vouches for', false, { wellKnown: `${HUB}/.well-known/openid-configuration` }, 'none'],
  ['the same in place of tokendings', true, { wellKnown: `${HUB}/.well-known/openid-configuration` }, 'tokendings'],
  [
    'the same, unless its settings say no',
    false,
    { wellKnown: `${HUB}/.well-known/openid-configuration`, undatedStatements: false },
    'tokendings',
  ],
];

for (const [who, taken, { wellKnown, ...operator }, compat] of UNDATED) {
  test(`X13, T5: ${who} may ${taken ? '' : 'not '}leave out aud, exp and jti (${compat}, ${wellKnown === undefined ? 'own key' : 'issuer'})`, async (t) => {
    const own = selfSigned(chief, { statementKeys, ...operator });
    const { jwks: _jwks, ...row } = own;
    const world = await open(t, {
      config: { compat, operators: [wellKnown === undefined ? own : { ...row, subjects: 'any', wellKnown }] },
      fetch: (url, init) => {
        if (url === wellKnown) return Promise.resolve(Response.json({ issuer: HUB, jwks_uri: `${HUB}/jwks` }));
        if (url === `${HUB}/jwks`) return Promise.resolve(Response.json({ keys: [publicJwk(chief)] }));
        return fetch(url, init);
      },
    });
    const claims = { iss: wellKnown === undefined ? 'chief' : HUB, sub: 'chief', aud: ADMIN_AUDIENCE };
    const token = await bearer(world, chief, { claims });
    const post = async (change: Change): Promise<number> => {
      const wish = { app: API, statementKey: chief, clientKey: keys.client, statement: change };
      return (await register(world, token, wish)).status;
    };
    const expected = taken ? 201 : 400;
    assert.equal(await post({}), 201);
    for (const names of [['aud'], ['exp'], ['jti'], ['aud', 'exp', 'jti']]) {
      assert.equal(await post(without(...names)), expected, names.join());
    }
    assert.equal(await post(without('appId', 'aud', 'exp', 'jti')), 400);
    // What is there is checked all the same.
    assert.equal(await post({ claims: { exp: undefined, aud: 'https://other.example.test' } }), 400);
    assert.equal(await post({ claims: { jti: undefined, exp: START + 301 } }), 400);
    assert.equal(await post({ claims: { aud: undefined, exp: START - 60 } }), 400);
    const once: Change = { claims: { exp: undefined, jti: 'the-same' } };
    assert.deepEqual([await post(once), await post(once)], [expected, 400]);
  });
}
