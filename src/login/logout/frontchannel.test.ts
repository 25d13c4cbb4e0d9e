import assert from 'node:assert/strict';
import test from 'node:test';
import { StoreUnavailable } from '../../store/errors.ts';
import { createMemoryStore } from '../../store/memory.ts';
import type { Store } from '../../store/store.ts';
import { startProvider } from '../testing/provider.ts';
import { HOST, startWorld } from '../testing/proxy.ts';
import type { World } from '../testing/proxy.ts';

const KINDS = {
  idporten: {},
  entra: { FULLMAKT_LOGIN_PROVIDER: 'entra', FULLMAKT_LOGIN_OPENID_RESOURCE_INDICATOR: '' },
  openid: { FULLMAKT_LOGIN_PROVIDER: 'openid' },
};

function ask(
  { newBrowser }: World,
  parameters: Record<string, string>,
  headers: Record<string, string> = {},
): ReturnType<World['browser']['ask']> {
  // An iframe at another site: without cookies.
  const iframe = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe', 'sec-fetch-site': 'cross-site' };
  const query = new URLSearchParams(parameters).toString();
  return newBrowser().ask(`/oauth2/logout/frontchannel?${query}`, { headers: { ...iframe, ...headers } });
}

interface Row {
  readonly what: string;
  readonly parameters: (issuer: string) => Record<string, string>;
  readonly status: number;
  readonly ends: boolean;
}

function rowsOf(kind: keyof typeof KINDS): readonly Row[] {
  const needsIssuer = kind === 'idporten';
  return [
    { what: 'wrong iss', parameters: () => ({ iss: 'https://evil.test', sid: 'sid-1' }), status: 400, ends: false },
    { what: 'wrong iss, no sid', parameters: () => ({ iss: 'https://evil.test' }), status: 400, ends: false },
    { what: 'no sid', parameters: (iss) => ({ iss }), status: 202, ends: false },
    { what: 'an endless sid', parameters: (iss) => ({ iss, sid: 'a'.repeat(257) }), status: 202, ends: false },
    { what: 'unknown sid', parameters: (iss) => ({ iss, sid: 'unknown' }), status: 200, ends: false },
    {
      what: 'no iss',
      parameters: () => ({ sid: 'sid-1' }),
      status: needsIssuer ? 400 : 200,
      ends: !needsIssuer,
    },
    { what: 'good', parameters: (iss) => ({ iss, sid: 'sid-1' }), status: 200, ends: true },
  ];
}

for (const kind of ['idporten', 'entra', 'openid'] as const) {
  test(`A14 W13 LO-5: front-channel logout, row by row (${kind})`, async (t) => {
    for (const { what, parameters, status, ends } of rowsOf(kind)) {
      const world = await startWorld(t, { env: KINDS[kind] });
      await world.logIn();
      const answer = await ask(world, parameters(world.provider.issuer));
      assert.equal(answer.status, status, what);
      assert.equal(answer.headers['x-frame-options'], undefined, what);
      assert.equal((await world.browser.ask('/oauth2/session')).status, ends ? 401 : 200, what);
      assert.equal(world.provider.callsTo('revoke').length, 0, what);
    }
  });
}

test('A14 LO-5: a foreign cookie is kept, the session’s own is cleared', async (t) => {
  const world = await startWorld(t, { env: { FULLMAKT_LOGIN_INGRESS: `https://${HOST},https://two.example.test` } });
  const other = world.newBrowser('two.example.test');
  world.provider.bends.idToken = { sid: 'sid-2' };
  await world.logIn(other);
  world.provider.bends.idToken = {};
  await world.logIn();
  const path = `/oauth2/logout/frontchannel?${new URLSearchParams({ iss: world.provider.issuer, sid: 'sid-1' }).toString()}`;
  assert.deepEqual((await other.ask(path)).setCookies, []);
  assert.equal((await world.browser.ask('/oauth2/session')).status, 401);
  world.provider.bends.idToken = { sid: 'sid-3' };
  await world.logIn();
  await world.browser.ask(path.replace('sid-1', 'sid-3'));
  assert.equal(world.browser.jar.size, 0);
  assert.equal((await other.ask('/oauth2/session')).status, 200);
});

test('A14 LO-5: with the store down the answer is 202 and the ending goes on behind', async (t) => {
  const clock = { seconds: 1_800_000_000 };
  const inner = createMemoryStore({ now: () => clock.seconds });
  let down = false;
  const members: Store['members'] = (index) =>
    down ? Promise.reject(new StoreUnavailable('down')) : inner.members(index);
  const world = await startWorld(t, { store: { ...inner, members }, clock });
  await world.logIn();
  down = true;
  assert.equal((await ask(world, { iss: world.provider.issuer, sid: 'sid-1' })).status, 202);
  down = false;
  const started = performance.now();
  while ((await world.browser.ask('/oauth2/session')).status === 200) assert.ok(performance.now() - started < 20_000);
});

test('LO-5: where tenants share an issuer, each of those allowed ends its own sessions, and no other does', async (t) => {
  const clock = { seconds: 1_800_000_000 };
  const provider = await startProvider(t, () => clock.seconds);
  const shared = `${provider.issuer}/{tenantid}/v2.0`;
  const [tenant, other] = ['00000000-0000-4000-8000-00000000f001', '00000000-0000-4000-8000-00000000f002'] as const;
  const issuerOf = (tid: string): string => shared.replace('{tenantid}', tid);
  provider.bends.metadata = { issuer: shared, authorization_response_iss_parameter_supported: undefined };
  provider.bends.callback = { iss: undefined };
  provider.bends.idToken = { iss: issuerOf(tenant), tid: tenant };
  const env = { ...KINDS.entra, FULLMAKT_LOGIN_OPENID_ISSUER: shared, FULLMAKT_LOGIN_OPENID_TENANTS: tenant };
  const world = await startWorld(t, { provider, clock, env });
  await world.logIn();
  for (const iss of [issuerOf(other), shared, provider.issuer])
    assert.equal((await ask(world, { iss, sid: 'sid-1' })).status, 400, iss);
  assert.equal((await world.browser.ask('/oauth2/session')).status, 200);
  assert.equal((await ask(world, { iss: issuerOf(tenant), sid: 'sid-1' })).status, 200);
  assert.equal((await world.browser.ask('/oauth2/session')).status, 401);
});
