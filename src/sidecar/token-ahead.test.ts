import assert from 'node:assert/strict';
import test from 'node:test';
import { json, plain } from '../web/http.ts';
import { makeKeys, startProvider, startSidecar, START, testEnv } from './testing/sidecar.ts';
import type { FakeProvider, TestSidecar } from './testing/sidecar.ts';

const keys = await makeKeys();
const MACHINE = { identity_provider: 'maskinporten', target: 'a:b' };

interface World {
  readonly provider: FakeProvider;
  readonly sidecar: TestSidecar;
  readonly token: (body?: object) => Promise<{ status: number; token: unknown; left: unknown }>;
  readonly until: (condition: () => boolean) => Promise<void>;
}

async function world(t: test.TestContext): Promise<World> {
  const provider = await startProvider(t, keys);
  const sidecar = await startSidecar(t, testEnv(provider.origin, keys));
  return {
    provider,
    sidecar,
    async token(body = MACHINE) {
      const path = 'user_token' in body ? '/token/exchange' : '/token';
      const response = await sidecar.post(path, body);
      const { access_token: token, expires_in: left } = (await response.json()) as Record<string, unknown>;
      return { status: response.status, token, left };
    },
    async until(condition) {
      const deadline = Date.now() + 20_000;
      while (!condition()) {
        assert.ok(Date.now() < deadline, 'it did not happen');
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
}

test('an exchanged token is fetched anew behind the first hit past its mark, which is answered at once (2.7)', async (t) => {
  const { provider, sidecar, token, until } = await world(t);
  const user = await provider.mint({ iss: 'x', iat: START, exp: START + 7200 });
  const exchange = { identity_provider: 'tokenx', target: 'local:fleet:api', user_token: user };
  assert.equal((await token(exchange)).token, 'token-1');
  sidecar.clock.now += 0.85 * 3480;
  assert.equal((await token(exchange)).token, 'token-1');
  await until(() => sidecar.events.some(({ event }) => event === 'sidecar.refresh'));
  assert.deepEqual(await token(exchange), { status: 200, token: 'token-2', left: 3600 });
  assert.equal(provider.forms[1]?.get('subject_token'), user);
});

test('a machine token in use is fetched anew by the sidecar itself (2.7)', async (t) => {
  const { provider, sidecar, token, until } = await world(t);
  await token();
  await token();
  sidecar.clock.now += 0.85 * 3480;
  await until(() => sidecar.events.some(({ event }) => event === 'sidecar.refresh'));
  assert.equal(provider.forms.length, 2);
  assert.equal((await token()).token, 'token-2');
  const told = sidecar.events.find((event) => event.event === 'sidecar.refresh');
  assert.deepEqual(told, { event: 'sidecar.refresh', provider: 'maskinporten', outcome: 'success' });
});

test('past its window a machine token serves on while the provider is away, and never under skip_cache (2.7)', async (t) => {
  const { provider, sidecar, token } = await world(t);
  await token();
  provider.answer = () => plain(503, '');
  sidecar.clock.now += 3480;
  assert.deepEqual(await token(), { status: 200, token: 'token-1', left: 120 });
  assert.ok(sidecar.events.some(({ event }) => event === 'sidecar.stale'));
  const results = sidecar.events.flatMap((event) => (event.event === 'sidecar.cache' ? [event.result] : []));
  assert.deepEqual(results, ['miss', 'stale']);
  provider.answer = () => json(400, { error: 'invalid_scope' });
  assert.equal((await token()).status, 400);
  provider.answer = () => plain(503, '');
  assert.equal((await token({ ...MACHINE, skip_cache: true })).status, 503);
  assert.equal((await token()).status, 503);
});

test('an exchanged token never serves past its window (2.7)', async (t) => {
  const { provider, sidecar, token } = await world(t);
  const user = await provider.mint({ iss: 'x', iat: START, exp: START + 7200 });
  const exchange = { identity_provider: 'entra_id', target: 'a', user_token: user };
  assert.equal((await token(exchange)).status, 200);
  provider.answer = () => plain(503, '');
  sidecar.clock.now += 3480;
  assert.equal((await token(exchange)).status, 503);
});
