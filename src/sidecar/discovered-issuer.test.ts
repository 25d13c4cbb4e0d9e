import assert from 'node:assert/strict';
import test from 'node:test';
import { parseJwt } from '../oauth/jwt.ts';
import { json } from '../web/http.ts';
import type { HttpResponse } from '../web/http.ts';
import { serve } from '../web/serve.ts';
import { makeKeys, START, startProvider, startSidecar, testEnv } from './testing/sidecar.ts';
import type { FakeProvider, TestSidecar } from './testing/sidecar.ts';

const keys = await makeKeys();
const SUFFIX = '/.well-known/oauth-authorization-server';

interface World {
  readonly provider: FakeProvider;
  readonly sidecar: TestSidecar;
  readonly issuer: string;
}

/** TokenX and its metadata, whose issuer ends as told; the sidecar knows where metadata is, and more if told. */
async function setup(
  t: test.TestContext,
  ending: string,
  more: (issuer: string) => Record<string, string> = () => ({}),
): Promise<World> {
  const provider = await startProvider(t, keys);
  const metadata = (): HttpResponse =>
    json(200, {
      issuer: `${site.origin}${ending}`,
      jwks_uri: `${provider.origin}/jwks`,
      token_endpoint: `${provider.origin}/token`,
    });
  const spec = { name: 'metadata', setting: '-', host: '127.0.0.1', port: 0, handle: metadata };
  const site = await serve(spec);
  t.after(() => site.close(0));
  const env: Record<string, string> = testEnv(provider.origin, keys);
  for (const part of ['ISSUER', 'JWKS_URI', 'TOKEN_ENDPOINT']) delete env[`TOKEN_X_${part}`];
  env['TOKEN_X_WELL_KNOWN_URL'] = `${site.origin}${SUFFIX}`;
  env['FULLMAKT_SIDECAR_VALIDATE_USER_TOKEN'] = 'true';
  const sidecar = await startSidecar(t, { ...env, ...more(site.origin) });
  return { provider, sidecar, issuer: site.origin };
}

async function exchange({ provider, sidecar }: World, iss: string): Promise<Response> {
  const token = await provider.mint({ iss, aud: 'local:fleet:api', iat: START, exp: START + 60 });
  return await sidecar.post('/token/exchange', { identity_provider: 'tokenx', target: 'a', user_token: token });
}

for (const ending of ['', '/']) {
  test(`metadata says how its issuer is spelled where only its address is configured: "issuer${ending}" (2.4)`, async (t) => {
    const world = await setup(t, ending);
    const right = world.issuer + ending;
    const wrong = ending === '' ? `${world.issuer}/` : world.issuer;
    assert.equal((await exchange(world, wrong)).status, 400);
    assert.equal((await exchange(world, right)).status, 200);
    const assertion = world.provider.forms[0]?.get('client_assertion');
    assert.equal(parseJwt(assertion).claims['aud'], right);
  });
}

test('the first assertion is for the issuer of metadata too (2.4, 3.3)', async (t) => {
  const world = await setup(t, '/', () => ({ FULLMAKT_SIDECAR_VALIDATE_USER_TOKEN: '' }));
  assert.equal((await exchange(world, 'any')).status, 200);
  assert.equal(parseJwt(world.provider.forms[0]?.get('client_assertion')).claims['aud'], `${world.issuer}/`);
});

test('metadata of another issuer, or spelled otherwise than configured, is of no use (2.4)', async (t) => {
  for (const [ending, configured] of [
    ['/other', undefined],
    ['//', undefined],
    ['/', ''],
    ['', '/'],
  ] as const) {
    const more = (issuer: string): Record<string, string> =>
      configured === undefined ? {} : { TOKEN_X_ISSUER: issuer + configured };
    const world = await setup(t, ending, more);
    const response = await exchange(world, world.issuer + (configured ?? ''));
    assert.equal(response.status, 500, `${ending} ${configured}`);
    assert.equal(world.provider.forms.length, 0);
  }
});
