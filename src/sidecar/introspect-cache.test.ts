import assert from 'node:assert/strict';
import test from 'node:test';
import { json } from '../web/http.ts';
import { publicJwk } from '../oauth/jwk.ts';
import { makeKeys, START, startProvider, startSidecar, testEnv } from './testing/sidecar.ts';
import type { FakeProvider, TestSidecar } from './testing/sidecar.ts';

const keys = await makeKeys();

interface Setup {
  readonly provider: FakeProvider;
  readonly sidecar: TestSidecar;
  /** The text of an answer. */
  ask(token: string, provider?: string): Promise<string>;
}

async function setup(t: test.TestContext, env: Record<string, string> = {}): Promise<Setup> {
  const provider = await startProvider(t, keys);
  const sidecar = await startSidecar(t, { ...testEnv(provider.origin, keys), ...env });
  const ask = async (token: string, name = 'tokenx'): Promise<string> => {
    const answer = await sidecar.post('/introspect', { identity_provider: name, token });
    return await answer.text();
  };
  return { provider, sidecar, ask };
}

function claimsOf({ provider }: Setup, changes: object = {}): object {
  return {
    iss: `${provider.origin}/tokenx`,
    aud: 'local:fleet:api',
    sub: 'u',
    iat: START,
    exp: START + 600,
    ...changes,
  };
}

test('a good token asked about again gets the same bytes (2.6, 3.5)', async (t) => {
  const world = await setup(t);
  const token = await world.provider.mint(claimsOf(world, { big: 1, nested: { a: [1] } }));
  const first = await world.ask(token);
  assert.match(first, /^\{"active":true,/);
  assert.equal(await world.ask(token), first);
});

test('L4 cached-verdict: an answer of the cache ends with the token, at exp and its leeway, with or without nbf', async (t) => {
  const world = await setup(t);
  const token = await world.provider.mint(claimsOf(world, { exp: START + 30 }));
  assert.match(await world.ask(token), /"active":true/);
  world.sidecar.clock.now = START + 89;
  assert.match(await world.ask(token), /"active":true/, 'inside the leeway it is judged, not remembered');
  world.sidecar.clock.now = START + 90;
  assert.equal(await world.ask(token), '{"active":false,"error":"invalid token: ExpiredSignature"}');
  const ahead = await world.provider.mint(claimsOf(world, { exp: START + 600, nbf: START + 140 }));
  assert.match(await world.ask(ahead), /"active":true/);
  world.sidecar.clock.now = START + 79;
  assert.equal(await world.ask(ahead), '{"active":false,"error":"invalid token: ImmatureSignature"}');
});

test('L4 cached-verdict: once its key has gone a token is refused, though it was good a moment ago', async (t) => {
  const world = await setup(t);
  const token = await world.provider.mint(claimsOf(world));
  assert.match(await world.ask(token), /"active":true/);
  world.provider.keySet = () => json(200, { keys: [{ ...publicJwk(keys.issuerJwk), kid: 'another' }] });
  world.sidecar.clock.now += 6;
  const strange = await world.provider.mint(claimsOf(world), { key: { ...keys.stranger, kid: 'another' } });
  assert.match(await world.ask(strange), /InvalidSignature/, 'brings the new set');
  assert.match(await world.ask(token), /no key of this identity provider/);
});

test('an answer belongs to its provider: the same token under another name is judged by that one (2.6)', async (t) => {
  const world = await setup(t);
  const token = await world.provider.mint(claimsOf(world));
  assert.match(await world.ask(token), /"active":true/);
  assert.match(await world.ask(token, 'maskinporten'), /InvalidIssuer/);
  assert.match(await world.ask(token, 'entra_id'), /InvalidIssuer/);
  assert.match(await world.ask(token), /"active":true/);
});

test('refusals are never remembered: what was too early a moment ago is good in its time (2.6)', async (t) => {
  const world = await setup(t);
  const token = await world.provider.mint(claimsOf(world, { nbf: START + 100 }));
  assert.match(await world.ask(token), /ImmatureSignature/);
  world.sidecar.clock.now += 40;
  assert.match(await world.ask(token), /"active":true/);
});

test('an answer is remembered for as long as was asked, 60 s unless something else was (3.5)', async (t) => {
  for (const [env, seconds] of [
    [{}, 60],
    [{ FULLMAKT_SIDECAR_INTROSPECTION_CACHE_SECONDS: '10' }, 10],
    [{ FULLMAKT_SIDECAR_INTROSPECTION_CACHE_SECONDS: '300' }, 300],
  ] as const) {
    const world = await setup(t, env);
    const token = await world.provider.mint(claimsOf(world));
    for (const wait of [0, seconds, 1]) {
      world.sidecar.clock.now += wait;
      await world.ask(token);
    }
    const results = world.sidecar.events.flatMap((told) => (told.event === 'sidecar.cache' ? [told.result] : []));
    assert.deepEqual(results, ['miss', 'hit', 'miss']);
  }
});

test('with 0 seconds nothing is remembered; more than 300 is a fault of the configuration', async (t) => {
  const world = await setup(t, { FULLMAKT_SIDECAR_INTROSPECTION_CACHE_SECONDS: '0' });
  const token = await world.provider.mint(claimsOf(world));
  assert.match(await world.ask(token), /"active":true/);
  assert.match(await world.ask(token), /"active":true/);
  assert.ok(world.sidecar.events.every(({ event }) => event !== 'sidecar.cache'));
  await assert.rejects(
    setup(t, { FULLMAKT_SIDECAR_INTROSPECTION_CACHE_SECONDS: '301' }),
    /INTROSPECTION_CACHE_SECONDS/,
  );
  await setup(t, { FULLMAKT_SIDECAR_INTROSPECTION_CACHE_SECONDS: '300' });
});
