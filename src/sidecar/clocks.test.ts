import assert from 'node:assert/strict';
import test from 'node:test';
import { parseJwt } from '../oauth/jwt.ts';
import type { HttpResponse } from '../web/http.ts';
import { json, plain } from '../web/http.ts';
import { makeKeys, START, startProvider, startSidecar, testEnv } from './testing/sidecar.ts';
import type { FakeProvider, TestSidecar } from './testing/sidecar.ts';

const keys = await makeKeys();

interface World {
  readonly provider: FakeProvider;
  readonly sidecar: TestSidecar;
  /** The provider's clock, which is right; the sidecar's is so many seconds ahead of it. */
  readonly time: { true: number };
  readonly skews: () => readonly number[];
}

async function setup(t: test.TestContext, aheadSeconds: number): Promise<World> {
  const provider = await startProvider(t, keys);
  // Requests are counted here: none may come in between.
  const sidecar = await startSidecar(t, { ...testEnv(provider.origin, keys), FULLMAKT_SIDECAR_REFRESH_AHEAD: 'false' });
  const time = { true: START };
  sidecar.clock.now = START + aheadSeconds;
  const dated = (response: HttpResponse): HttpResponse => ({
    ...response,
    headers: { ...response.headers, Date: new Date(time.true * 1000).toUTCString() },
  });
  const { answer, keySet } = provider;
  provider.answer = async (call) => dated(await answer(call));
  provider.keySet = () => dated(keySet());
  const skews = (): readonly number[] =>
    sidecar.events.flatMap((event) => (event.event === 'sidecar.clock_skew' ? [event.skewSeconds] : []));
  return { provider, sidecar, time, skews };
}

const ask = (sidecar: TestSidecar, target: string): Promise<Response> =>
  sidecar.post('/token', { identity_provider: 'maskinporten', target });

async function isActive({ provider, sidecar }: World, claims: object): Promise<unknown> {
  const token = await provider.mint({ iss: `${provider.origin}/maskinporten/`, ...claims });
  const response = await sidecar.post('/introspect', { identity_provider: 'maskinporten', token });
  return ((await response.json()) as Record<string, unknown>)['active'];
}

for (const ahead of [120, -120]) {
  test(`T35 a clock ${ahead} s ahead is told of by the answers of providers, once a minute, and corrects nothing`, async (t) => {
    const { provider, sidecar, time, skews } = await setup(t, ahead);
    for (let asked = 0; asked < 5; asked += 1) assert.equal((await ask(sidecar, `a:${asked}`)).status, 200);
    const [told] = skews();
    assert.equal(skews().length, 1);
    // A whole second is in doubt, as the header has no fractions.
    assert.ok(told !== undefined && Math.abs(told - ahead) <= 1, String(told));
    const { iat, exp } = parseJwt(provider.forms[0]?.get('assertion')).claims;
    assert.deepEqual([iat, exp], [sidecar.clock.now, sidecar.clock.now + 30]);
    time.true += 60;
    sidecar.clock.now += 60;
    await ask(sidecar, 'a:later');
    assert.equal(skews().length, 2);
  });
}

test('T35 ten seconds are no reason to say anything', async (t) => {
  for (const ahead of [0, 10, -10]) {
    const { sidecar, skews } = await setup(t, ahead);
    await ask(sidecar, 'a:b');
    assert.deepEqual(skews(), []);
  }
});

test('T35 tokens are judged by a clock up to the leeway off, and not beyond it', async (t) => {
  const fresh = { iat: START, exp: START + 600 };
  const ending = { iat: START - 600, exp: START + 1 };
  assert.equal(await isActive(await setup(t, -60), fresh), true);
  assert.equal(await isActive(await setup(t, -61), fresh), false);
  assert.equal(await isActive(await setup(t, 60), ending), true);
  assert.equal(await isActive(await setup(t, 61), ending), false);
});

test('T35 a clock that jumps back an hour makes no cached token live longer, and no answer lie about its life', async (t) => {
  const { provider, sidecar, time } = await setup(t, 0);
  await ask(sidecar, 'a:b');
  sidecar.clock.now -= 3600;
  const left = async (): Promise<unknown> => {
    const response = await ask(sidecar, 'a:b');
    return ((await response.json()) as Record<string, unknown>)['expires_in'];
  };
  assert.equal(await left(), 3600);
  time.true += 3479;
  sidecar.clock.now += 3479;
  assert.equal(await left(), 121);
  assert.equal(provider.forms.length, 1);
  time.true += 1;
  sidecar.clock.now += 1;
  assert.equal(await left(), 3600);
  assert.equal(provider.forms.length, 2);
});

test('T35 a clock that jumps back an hour keeps no provider waiting for that hour, and no key set from its refresh', async (t) => {
  const world = await setup(t, 0);
  const { provider, sidecar } = world;
  const well = provider.answer;
  provider.answer = () => plain(500, '');
  for (let round = 0; round < 3; round += 1) await ask(sidecar, `a:${round}`);
  assert.equal((await ask(sidecar, 'a:b')).headers.get('retry-after'), '2');
  provider.answer = well;
  sidecar.clock.now -= 3600;
  assert.equal((await ask(sidecar, 'a:b')).status, 500);
  sidecar.clock.now += 2;
  assert.equal((await ask(sidecar, 'a:b')).status, 200);

  const claims = { iat: START - 7200, exp: START + 7200 };
  assert.equal(await isActive(world, claims), true);
  const { keySet } = provider;
  const { promise: fetched, resolve } = Promise.withResolvers<void>();
  provider.keySet = () => {
    resolve();
    return keySet();
  };
  sidecar.clock.now -= 3600;
  assert.equal(await isActive(world, claims), true);
  sidecar.clock.now += 700;
  assert.equal(await isActive(world, { ...claims, jti: 'another' }), true);
  await fetched;
});

test('T35 an exchanged token ends with its user token also when the clock was set back in between', async (t) => {
  const { provider, sidecar } = await setup(t, 0);
  provider.answer = () => json(200, { access_token: 'x', token_type: 'Bearer', expires_in: 3600 });
  await ask(sidecar, 'a:b');
  sidecar.clock.now -= 600;
  const userToken = await provider.mint({ iat: sidecar.clock.now, exp: sidecar.clock.now + 100 });
  const exchange = { identity_provider: 'tokenx', target: 'a', user_token: userToken };
  await sidecar.post('/token/exchange', exchange);
  sidecar.clock.now += 99;
  await sidecar.post('/token/exchange', exchange);
  assert.equal(provider.forms.length, 2);
  sidecar.clock.now += 1;
  await sidecar.post('/token/exchange', exchange);
  assert.equal(provider.forms.length, 3);
});
