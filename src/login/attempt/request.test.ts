import assert from 'node:assert/strict';
import test from 'node:test';
import { generatePrivateJwk, importVerificationKey, publicJwk } from '../../oauth/jwk.ts';
import { parseJwt, verifyJwtSignature } from '../../oauth/jwt.ts';
import { empty } from '../../web/http.ts';
import type { Call } from '../testing/provider.ts';
import { assertionOf, startProvider } from '../testing/provider.ts';
import { HOST, startWorld } from '../testing/proxy.ts';
import type { World } from '../testing/proxy.ts';

const GENERIC = { FULLMAKT_LOGIN_PROVIDER: 'openid', FULLMAKT_LOGIN_OPENID_DOMAIN_HINT: 'example.test' };
const ALWAYS = [
  'client_id',
  'code_challenge',
  'code_challenge_method',
  'domain_hint',
  'nonce',
  'redirect_uri',
  'resource',
  'response_mode',
  'response_type',
  'scope',
  'state',
];

/** A world whose provider advertises PAR, or not. */
async function worldOf(t: Parameters<typeof startWorld>[0], par: boolean, env: Record<string, string>): Promise<World> {
  const clock = { seconds: 1_800_000_000 };
  const provider = await startProvider(t, () => clock.seconds);
  provider.bends.metadata = {
    token_endpoint_auth_methods_supported: undefined,
    ...(par ? {} : { pushed_authorization_request_endpoint: undefined }),
  };
  return startWorld(t, { clock, provider, env: { ...GENERIC, ...env } });
}

test('A6 LG-1 LG-2: the request is complete with PAR and without; with PAR the browser’s URL has two parameters', async (t) => {
  for (const par of [true, false]) {
    const { browser, provider } = await worldOf(t, par, {});
    const start = await browser.visit('/oauth2/login');
    const url = new URL(start.headers.location ?? '');
    const shown = [...url.searchParams.keys()].toSorted();
    assert.deepEqual(shown, par ? ['client_id', 'request_uri'] : ALWAYS);
    await provider.authorize(url.href);
    const sent = provider.lastRequest();
    assert.equal(provider.callsTo('par').length, par ? 1 : 0);
    assert.equal(sent.get('redirect_uri'), `https://${HOST}/oauth2/callback`);
    assert.deepEqual([sent.get('response_type'), sent.get('response_mode')], ['code', 'query']);
    assert.deepEqual([sent.get('code_challenge_method'), sent.get('code_challenge')?.length], ['S256', 43]);
    assert.equal(sent.get('scope'), 'openid');
    assert.equal(sent.get('domain_hint'), 'example.test');
    for (const name of ['state', 'nonce']) assert.ok((sent.get(name) ?? '').length >= 22, name);
  }
});

test('A6 LG-3: each kind of key signs assertions that the provider can check, a new one for each call', async (t) => {
  for (const alg of ['RS256', 'PS256', 'ES256', 'EdDSA'] as const) {
    const jwk = await generatePrivateJwk(alg, `client-${alg}`);
    const world = await worldOf(t, true, { FULLMAKT_LOGIN_OPENID_CLIENT_JWK: JSON.stringify(jwk) });
    world.provider.bends.instead.par = [empty(503)];
    assert.equal((await world.logIn()).status, 302, alg);
    const calls = [...world.provider.callsTo('par'), ...world.provider.callsTo('token')];
    assert.equal(calls.length, 3, alg);
    for (const call of calls) {
      const assertion = parseJwt(call.form?.get('client_assertion'));
      verifyJwtSignature(assertion, [importVerificationKey(publicJwk(jwk))], { algorithms: [alg] });
      assert.deepEqual([assertion.header.alg, assertion.header.kid], [alg, `client-${alg}`]);
      const { iss, sub, aud, iat, nbf, exp } = assertion.claims;
      const now = world.clock.seconds;
      assert.deepEqual([iss, sub, aud], ['client-1', 'client-1', world.provider.issuer]);
      assert.deepEqual([iat, nbf, exp], [now, now, now + 30]);
      assert.equal(call.form?.has('client_secret'), false);
    }
    assert.equal(new Set(calls.map((call) => assertionOf(call)['jti'])).size, 3, alg);
  }
});

/** What a `Basic` header says once its two halves are decoded (RFC 6749 2.3.1). */
function basicOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const text = Buffer.from(header.replace(/^Basic /, ''), 'base64').toString('utf8');
  return text.split(':').map(decodeURIComponent).join(':');
}

const SECRETS: readonly (readonly [string, readonly string[] | undefined, string, 'post' | 'basic'])[] = [
  ['what metadata lists', ['client_secret_post', 'client_secret_basic'], 'auto', 'post'],
  ['basic where post is not listed', ['client_secret_basic'], 'auto', 'basic'],
  ['basic where nothing is listed', undefined, 'auto', 'basic'],
  ['post by setting', ['client_secret_basic'], 'client_secret_post', 'post'],
  ['basic by setting', ['client_secret_post'], 'client_secret_basic', 'basic'],
];
test('A6 LG-3: a secret is sent by the method that metadata or the setting says', async (t) => {
  for (const [what, listed, method, sent] of SECRETS) {
    const clock = { seconds: 1_800_000_000 };
    const provider = await startProvider(t, () => clock.seconds);
    provider.bends.metadata = { token_endpoint_auth_methods_supported: listed };
    const env = {
      ...GENERIC,
      FULLMAKT_LOGIN_OPENID_CLIENT_JWK: '',
      FULLMAKT_LOGIN_OPENID_CLIENT_SECRET: 'not/guessed',
      FULLMAKT_LOGIN_OPENID_CLIENT_AUTH_METHOD: method,
    };
    const world = await startWorld(t, { clock, provider, env });
    assert.equal((await world.logIn()).status, 302, what);
    const shown = ({ form, headers }: Call): unknown[] => [form?.get('client_secret'), basicOf(headers.authorization)];
    const calls = [...provider.callsTo('par'), ...provider.callsTo('token')].map(shown);
    const expected = sent === 'post' ? ['not/guessed', undefined] : [undefined, 'client-1:not/guessed'];
    assert.deepEqual(calls, [expected, expected], what);
  }
});

test('LG-2: a pushed request that is refused is a 500 page after one call, and leaves no attempt', async (t) => {
  const world = await worldOf(t, true, {});
  world.provider.bends.instead.par = [empty(400)];
  assert.equal((await world.browser.visit('/oauth2/login')).status, 500);
  assert.equal(world.browser.jar.size, 0);
  assert.equal(world.provider.callsTo('par').length, 1);
});
