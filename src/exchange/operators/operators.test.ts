import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { generatePrivateJwk, publicJwk } from '../../oauth/jwk.ts';
import { appId } from '../../registry/app-id.ts';
import { parseOperators } from './operator-settings.ts';
import { mayTouch } from './operators.ts';
import { ADMIN_AUDIENCE, administer, bearer, selfSigned } from '../testing/operators.ts';
import { createTestKeys, createWorld, sign } from '../testing/world.ts';
import type { Answer, Change } from '../testing/world.ts';

const keys = await createTestKeys();
const [own, foreign] = await Promise.all([
  generatePrivateJwk('RS256', 'chief-1'),
  generatePrivateJwk('RS256', 'hub-1'),
]);
const HUB = 'https://hub.example.test';
const hub = {
  audience: [ADMIN_AUDIENCE, 'second'],
  issuer: HUB,
  jwks: { keys: [publicJwk(foreign)] },
  rights: ['read'] as const,
};
const world = await createWorld({
  keys,
  config: {
    operators: [
      selfSigned(own),
      selfSigned(foreign, { ...hub, name: 'hub-a', subjects: ['robot-a'] }),
      selfSigned(foreign, { ...hub, name: 'hub-b', subjects: ['robot-b'], rights: ['explain'] }),
      selfSigned(own, { name: 'patient', subjects: ['patient'], maxLifetime: 60_000_000, rights: ['read'] }),
    ],
  },
});
after(() => world.close());

const read = (token?: string): Promise<Answer> =>
  administer(world, '/admin/replicas', { method: 'GET', ...(token === undefined ? {} : { token }) });
const readAs = async (change: Omit<Change, 'key'>, key = own): Promise<Answer> =>
  read(await bearer(world, key, change));
const now = (): number => Math.floor(world.clock.now);

const ofHub = (sub: string): Promise<string> =>
  sign({ iss: HUB, sub, aud: ['second', ADMIN_AUDIENCE], iat: now(), exp: now() + 60 }, foreign);

test('T1: an operator that signs for itself is known by its key, its name as issuer and subject, and the audience', async () => {
  const answer = await readAs({});
  assert.equal(answer.status, 200);
  assert.equal(answer.body['version'], world.registry.snapshot().version);
  assert.equal(answer.headers['cache-control'], 'no-store');
});

test('T1: whatever is wrong with the bearer token, the answer is one and the same: 401, a challenge, no body', async () => {
  const ago = now() - 100;
  const wrong: Readonly<Record<string, string | undefined>> = {
    'no token': undefined,
    'not a token': 'abc',
    'another key': await bearer(world, keys.stranger),
    'another subject': await bearer(world, own, { claims: { iss: 'thief', sub: 'thief' } }),
    'another issuer': await bearer(world, own, { claims: { iss: 'thief' } }),
    'no subject': await bearer(world, own, { claims: { sub: undefined } }),
    'another audience': await bearer(world, own, { claims: { aud: 'somebody' } }),
    'no audience': await bearer(world, own, { claims: { aud: undefined } }),
    expired: await bearer(world, own, { claims: { iat: ago - 300, exp: ago } }),
    'no end': await bearer(world, own, { claims: { exp: undefined } }),
    'from the future': await bearer(world, own, { claims: { iat: now() + 60, exp: now() + 120 } }),
    'not yet': await bearer(world, own, { claims: { nbf: now() + 60 } }),
    'too long a life': await bearer(world, own, { claims: { exp: now() + 3601 } }),
    'too long a life, no iat': await bearer(world, own, { claims: { iat: undefined, exp: now() + 3700 } }),
    'a bound token': await bearer(world, own, { claims: { cnf: { jkt: 'x' } } }),
    'a key in the header': await bearer(world, own, { header: { jku: 'https://evil.example.test' } }),
    'another typ': await bearer(world, own, { header: { typ: 'logout+jwt' } }),
    'one audience of two': await sign(
      { iss: HUB, sub: 'robot-a', aud: [ADMIN_AUDIENCE], iat: now(), exp: now() + 60 },
      foreign,
    ),
    'the key of another operator': await sign(
      { iss: HUB, sub: 'robot-a', aud: [ADMIN_AUDIENCE, 'second'], iat: now(), exp: now() + 60 },
      own,
    ),
    'a client assertion': await world.assertion(),
  };
  for (const [what, token] of Object.entries(wrong)) {
    const answer = await read(token);
    assert.deepEqual([answer.status, answer.headers['www-authenticate'], answer.text], [401, 'Bearer', ''], what);
  }
});

test('T1: two operators of one issuer are told apart by their subject, and each has its own rights', async () => {
  assert.equal((await read(await ofHub('robot-a'))).status, 200);
  const answer = await read(await ofHub('robot-b'));
  assert.equal(answer.status, 403);
  assert.equal(answer.headers['www-authenticate'], 'Bearer error="insufficient_scope"');
  assert.equal(answer.text, '');
  const told = world.events.findLast((event) => event.event === 'exchange.administered');
  assert.deepEqual([told?.operator, told?.action, told?.outcome], ['hub-b', 'read-replicas', 'refused']);
});

test('T1: a raised maxLifetime takes a token of 1.6 years without iat and with an nbf of long ago', async () => {
  const claims = { iss: 'patient', sub: 'patient', iat: undefined, nbf: 1, exp: now() + 50_000_000 };
  assert.equal((await readAs({ claims })).status, 200);
  assert.equal((await readAs({ claims: { ...claims, exp: now() + 60_000_100 } })).status, 401);
});

test('T1, J9: an operator known by its well-known address is verified with the keys found there', async (t) => {
  const documents: Readonly<Record<string, object>> = {
    [`${HUB}/.well-known/openid-configuration`]: { issuer: HUB, jwks_uri: `${HUB}/jwks` },
    [`${HUB}/jwks`]: { keys: [publicJwk(foreign)] },
  };
  const { jwks: _jwks, ...row } = selfSigned(foreign, { name: 'hub', subjects: 'any', audience: [ADMIN_AUDIENCE] });
  const remote = await createWorld({
    keys,
    config: { operators: [{ ...row, wellKnown: `${HUB}/.well-known/openid-configuration` }] },
    fetch: (url, init) => {
      const document = documents[url];
      return document === undefined ? fetch(url, init) : Promise.resolve(Response.json(document));
    },
  });
  t.after(() => remote.close());
  const claims = { iss: HUB, sub: 'anyone', aud: ADMIN_AUDIENCE, iat: now(), exp: now() + 60 };
  const get = async (change: object, key = foreign): Promise<number> => {
    const token = await sign({ ...claims, ...change }, key);
    return (await administer(remote, '/admin/replicas', { method: 'GET', token })).status;
  };
  assert.equal(await get({}), 200);
  assert.equal(await get({ iss: `${HUB}/` }), 401);
  assert.equal(await get({}, own), 401);
});

test('L8: whoever fails too often is turned away before the cryptography, good token or not', async (t) => {
  const crowded = await createWorld({ keys, config: { operators: [selfSigned(own)] } });
  t.after(() => crowded.close());
  let status = 0;
  for (let attempt = 0; attempt <= 601 && status !== 429; attempt += 1) {
    ({ status } = await administer(crowded, '/admin/replicas', { method: 'GET', token: 'abc' }));
  }
  assert.equal(status, 429);
  const token = await bearer(crowded, own);
  assert.equal((await administer(crowded, '/admin/replicas', { method: 'GET', token })).status, 429);
});

test('L3: no event holds a bearer token', async () => {
  const token = await bearer(world, own);
  await read(token);
  await read(`${token}x`);
  const told = JSON.stringify(world.events);
  assert.ok(!told.includes(token.slice(0, 40)) && !told.includes(token.slice(-40)));
});

test('T1: patterns cover a cluster or a namespace, never half a name', () => {
  const clients = ['dev:*', 'prod:fleet:*'];
  const touches = (cluster: string, namespace: string): boolean =>
    mayTouch({ clients }, appId(cluster, namespace, 'web'));
  assert.deepEqual(
    [touches('dev', 'any'), touches('prod', 'fleet'), touches('prod', 'fleet-2'), touches('dev-2', 'fleet')],
    [true, true, false, false],
  );
  assert.equal(mayTouch({ clients: [] }, appId('dev', 'fleet', 'web')), false);
});

test('T1: a list of operators that says too little, or too much, is refused with the member at fault', () => {
  const good = selfSigned(own);
  const { jwks: _jwks, ...keyless } = good;
  const bad: Readonly<Record<string, object>> = {
    clients: { ...good, clients: ['dev:fleet:web'] },
    'clients.0': { ...good, clients: ['*'] },
    rights: { ...good, rights: ['root'] },
    subjects: { ...good, subjects: [] },
    audience: { ...good, audience: [] },
    'one of wellKnown': keyless,
    wellKnown: { ...good, wellKnown: 'https://hub.example.test/.well-known/x' },
    issuer: { ...keyless, jwksUri: 'https://hub.example.test/jwks' },
    'public key': { ...good, jwks: { keys: [own] } },
    statementKeys: { ...good, statementKeys: { keys: [{ kty: 'oct', kid: 'k', k: 'c2VjcmV0' }] } },
    'one kid': { ...good, jwks: { keys: [publicJwk(own), publicJwk(own)] } },
    shoeSize: { ...good, shoeSize: 43 },
  };
  for (const [member, row] of Object.entries(bad)) {
    assert.throws(() => parseOperators([row]), new RegExp(member.split('.')[0] ?? ''), member);
  }
  assert.throws(() => parseOperators([good, good]), /two operators have one name/);
  assert.equal(parseOperators([good]).length, 1);
});

test('T1, J10: the keys of an operator known by a public document are fetched from the public network alone', async (t) => {
  const wellKnown = `${HUB}/.well-known/openid-configuration`;
  const asked: (readonly [string, unknown])[] = [];
  const answers: Readonly<Record<string, object>> = {
    [wellKnown]: { issuer: HUB, jwks_uri: `${HUB}/jwks` },
    [`${HUB}/jwks`]: { keys: [publicJwk(foreign)] },
  };
  const { issuer: _issuer, jwks: _jwks, ...known } = { ...selfSigned(foreign), ...hub, subjects: ['robot'], wellKnown };
  const remote = await createWorld({
    keys,
    config: { operators: [known] },
    fetch: async (url, init) => {
      if (url.startsWith(HUB)) asked.push([url, init?.reach]);
      return Response.json(answers[url] ?? { keys: [] });
    },
  });
  t.after(() => remote.close());
  const answer = await administer(remote, '/admin/replicas', { method: 'GET', token: await ofHub('robot') });
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(asked, [
    [wellKnown, 'public'],
    [`${HUB}/jwks`, 'public'],
  ]);
});
