import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createTestKeys, createWorld } from '../../src/exchange/testing/world.ts';
import { ASSERTION_TYPE, form, ISSUERS, openWorld, TENANT } from '../../src/idp/testing/world.ts';
import { startProvider as startLoginProvider } from '../../src/login/testing/provider.ts';
import { startWorld } from '../../src/login/testing/proxy.ts';
import { bench, manifest } from '../../src/registrar/testing/bench.ts';
import { create } from '../../src/sdk/index.ts';
import { makeKeys, startSidecar, testEnv } from '../../src/sidecar/testing/sidecar.ts';
import { ADDRESSES, startIssuer, token, watchFetch } from './55-issuer.ts';
import type { Issuer } from './55-issuer.ts';
import { openTrap } from './verifiers.ts';

const keys = await makeKeys();
const exchangeKeys = await createTestKeys();
const NOW = 1_795_305_600;

/** A fresh program over the issuer's discovery document, and whether it accepts a good token of it. */
type Starter = (t: TestContext, issuer: Issuer) => Promise<() => Promise<boolean>>;

const STARTERS: Readonly<Record<string, Starter>> = {
  async exchange(t, issuer) {
    const idp = { issuer: undefined, jwksUri: undefined, wellKnown: issuer.wellKnown };
    const world = await createWorld({ keys: exchangeKeys, idp });
    t.after(() => world.close());
    return async () => {
      const claims = { iss: issuer.origin, client_id: 'login-client' };
      return (await world.exchange({ subject_token: token(exchangeKeys.idp, claims, NOW) })).status === 200;
    };
  },
  async sidecar(t, issuer) {
    const env = testEnv(issuer.origin, keys);
    const sidecar = await startSidecar(t, {
      ...env,
      TOKEN_X_ISSUER: issuer.origin,
      TOKEN_X_JWKS_URI: undefined,
      TOKEN_X_TOKEN_ENDPOINT: undefined,
      TOKEN_X_WELL_KNOWN_URL: issuer.wellKnown,
    });
    return async () => {
      const asked = {
        identity_provider: 'tokenx',
        token: token(keys.issuerJwk, { iss: issuer.origin, aud: 'local:fleet:api' }, sidecar.clock.now),
      };
      return (await (await sidecar.post('/introspect', asked)).text()).includes('"active":true');
    };
  },
  async SDK(t, issuer) {
    const auth = create(
      [{ provider: 'oidc:mine', issuer: issuer.origin, keys: { wellKnownUrl: issuer.wellKnown }, audience: ['me'] }],
      { env: { FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'true' }, clock: () => NOW },
    );
    t.after(() => auth.close());
    return () => auth.validate(token(keys.issuerJwk, { iss: issuer.origin, aud: 'me' }, NOW)).then(({ ok }) => ok);
  },
};

for (const [name, start] of Object.entries(STARTERS)) {
  const jwk = name === 'exchange' ? exchangeKeys.idp : keys.issuerJwk;

  test(`T55 a discovery document leads to its issuer's keys, and for nobody else: ${name}`, async (t) => {
    const asked = watchFetch(t);
    const issuer = await startIssuer(t, jwk);
    assert.equal(await (await start(t, issuer))(), true, 'the good document');
    for (const other of [
      `${issuer.origin}x`,
      issuer.origin.toUpperCase(),
      'https://evil.example.test',
      '',
      7,
      null,
      [issuer.origin],
      undefined,
    ]) {
      issuer.change = { issuer: other };
      assert.equal(await (await start(t, issuer))(), false, String(other));
    }
    const own = new Set([issuer.wellKnown, `${issuer.origin}/jwks`]);
    assert.deepEqual(
      [...new Set(asked)].filter((url) => url.startsWith(issuer.origin) && !own.has(url)),
      [],
    );
  });

  test(`T55 no address in a discovery document makes anybody fetch what is not the issuer's: ${name}`, async (t) => {
    const asked = watchFetch(t);
    const issuer = await startIssuer(t, jwk);
    for (const address of ADDRESSES) {
      issuer.change = { jwks_uri: address };
      assert.equal(await (await start(t, issuer))(), false, String(address));
    }
    assert.deepEqual(
      [...new Set(asked)].filter((url) => url !== issuer.wellKnown && !url.startsWith('http://127.0.0.1')),
      [],
    );
    assert.ok(!asked.includes(`${issuer.origin}/jwks`));
  });

  test(`T55 a redirect of a discovery document is not followed: ${name}`, async (t) => {
    const trap = await openTrap(t);
    const issuer = await startIssuer(t, jwk);
    for (const status of [301, 302, 303, 307, 308]) {
      issuer.instead = { status, headers: { Location: `${trap.origin}/.well-known/openid-configuration` } };
      assert.equal(await (await start(t, issuer))(), false, String(status));
    }
    assert.equal(trap.connections(), 0);
  });
}

test('T55 no endpoint in a provider’s document makes the login proxy fetch or send a browser elsewhere', async (t) => {
  const asked = watchFetch(t);
  const provider = await startLoginProvider(t, () => NOW);
  for (const name of [
    'jwks_uri',
    'token_endpoint',
    'authorization_endpoint',
    'pushed_authorization_request_endpoint',
    'userinfo_endpoint',
  ]) {
    for (const address of ADDRESSES.filter((one) => one !== '')) {
      provider.bends.metadata = { [name]: address };
      const world = await startWorld(t, { provider, clock: { seconds: NOW } });
      const answer = await world.browser.visit('/oauth2/login');
      assert.equal(answer.status, 503, `${name} ${String(address)}: ${answer.status} ${answer.headers.location ?? ''}`);
    }
  }
  assert.deepEqual([...new Set(asked)], [provider.wellKnownUrl]);
});

test('T55 redirects of the token endpoint, of PAR and of the keys are not followed by the login proxy', async (t) => {
  const trap = await openTrap(t);
  const elsewhere = { status: 307, headers: { Location: `${trap.origin}/token` } };
  for (const endpoint of ['token', 'par', 'jwks', 'metadata'] as const) {
    const provider = await startLoginProvider(t, () => NOW);
    const world = await startWorld(t, { provider, clock: { seconds: NOW } });
    provider.bends.instead[endpoint] = [elsewhere, elsewhere, elsewhere];
    const start = await world.browser.visit('/oauth2/login');
    if (start.headers.location === undefined) continue;
    const answer = await world.browser.visit(await provider.authorize(start.headers.location));
    assert.ok(answer.status >= 500, `${endpoint}: ${answer.status}`);
  }
  assert.equal(trap.connections(), 0);
});

test('T55 the local providers fetch nothing that a request names', async (t) => {
  const trap = await openTrap(t);
  const world = await openWorld();
  t.after(() => world.close());
  const url = `${trap.origin}/x`;
  const names = [
    'request_uri',
    'jwks_uri',
    'logo_uri',
    'policy_uri',
    'client_uri',
    'sector_identifier_uri',
    'redirect_uri',
    'post_logout_redirect_uri',
    'resource',
    'client_id',
    'iss',
    'target_link_uri',
    'initiate_login_uri',
  ];
  const fields = {
    grant_type: 'authorization_code',
    response_type: 'code',
    client_assertion_type: ASSERTION_TYPE,
    ...Object.fromEntries(names.map((name) => [name, url])),
  };
  for (const endpoint of [
    `${ISSUERS.idporten}/par`,
    `${ISSUERS.idporten}/token`,
    `${ISSUERS.entra}/${TENANT}/oauth2/v2.0/token`,
    `${ISSUERS.maskinporten}token`,
  ]) {
    assert.ok((await world.fetch(endpoint, form(fields))).status >= 400);
  }
  const query = new URLSearchParams(fields).toString();
  for (const endpoint of [
    `${ISSUERS.login}/authorize`,
    `${ISSUERS.login}/logout`,
    `${ISSUERS.entra}/${TENANT}/oauth2/v2.0/authorize`,
  ]) {
    const { status, headers } = await world.fetch(`${endpoint}?${query}`);
    assert.ok(!(headers.get('location') ?? '').startsWith(trap.origin), `${endpoint} ${status}`);
  }
  assert.equal(trap.connections(), 0);
});

test('T55 the registrar fetches nothing that a manifest names', async (t) => {
  const asked = watchFetch(t);
  const trap = await openTrap(t);
  const { registrar } = bench(t, {
    'a/front.yaml': manifest(
      'front',
      `ingresses: [https://front.example.no]\nlogin: {provider: openid, openid: {wellKnownUrl: "${trap.origin}/.well-known/openid-configuration", scopes: [openid]}}\nimage: "${trap.origin}/image"\ntokenx: {enabled: true}`,
    ),
  });
  await registrar.start();
  assert.deepEqual(asked, []);
  assert.equal(trap.connections(), 0);
});
