import assert from 'node:assert/strict';
import test from 'node:test';
import { silent } from '../observe/events.ts';
import { PROVIDER_VARIABLES } from '../providers/provider-variables.ts';
import { readSettings } from '../settings.ts';
import { serve } from '../web/serve.ts';
import { createSidecar } from './app.ts';
import { SidecarMisconfigured } from './application.ts';
import { sidecarSettings } from './config.ts';
import { makeKeys, startProvider, testEnv } from './testing/sidecar.ts';

const keys = await makeKeys();
const ORIGIN = 'http://127.0.0.1:9';

async function problemsOf(env: Record<string, string | undefined>): Promise<string> {
  const read = readSettings(sidecarSettings, env);
  if (!read.ok) return read.problems.join('; ');
  try {
    const program = await createSidecar(read.settings, { fetch, now: () => 0, emit: silent });
    await program.close();
    return '';
  } catch (error) {
    assert.ok(error instanceof SidecarMisconfigured);
    return error.message;
  }
}

test('starts with the whole contract, and its table knows every variable of every provider (4)', async () => {
  assert.equal(await problemsOf(testEnv(ORIGIN, keys)), '');
  const known = new Set(Object.keys(sidecarSettings));
  for (const variables of Object.values(PROVIDER_VARIABLES)) {
    for (const name of Object.values(variables)) {
      if (typeof name === 'string') assert.ok(known.has(name), name);
    }
  }
});

for (const name of Object.keys(testEnv(ORIGIN, keys))) {
  if (name === 'BIND_ADDRESS' || name.endsWith('_ENABLED')) continue;
  test(`names ${name} when it is missing, and when it is empty (4)`, async () => {
    assert.match(await problemsOf({ ...testEnv(ORIGIN, keys), [name]: undefined }), new RegExp(name));
    assert.match(await problemsOf({ ...testEnv(ORIGIN, keys), [name]: '' }), new RegExp(name));
  });
}

for (const name of ['AZURE_APP_JWK', 'TOKEN_X_ENABLED', 'IDPORTEN_JWKS_URI', 'FULLMAKT_ISSUERS', 'BIND_ADDRESS']) {
  test(`names ${name} when it is garbled, and does not quote it (4)`, async () => {
    const problems = await problemsOf({ ...testEnv(ORIGIN, keys), [name]: 'gar{bled' });
    assert.match(problems, new RegExp(name));
    assert.doesNotMatch(problems, /gar\{bled/);
  });
}

test('one variable of discovery replaces all parts, and is named when nothing is there (4)', async () => {
  const env: Record<string, string | undefined> = { ...testEnv(ORIGIN, keys) };
  for (const name of ['ISSUER', 'JWKS_URI', 'TOKEN_ENDPOINT']) delete env[`TOKEN_X_${name}`];
  assert.match(await problemsOf(env), /TOKEN_X_WELL_KNOWN_URL is missing \(or set TOKEN_X_ISSUER, /);
  env['TOKEN_X_WELL_KNOWN_URL'] = `${ORIGIN}/tokenx/.well-known/oauth-authorization-server`;
  assert.equal(await problemsOf(env), '');
});

test('refuses http and local providers unless they are allowed, and an address that is not loopback (3.6)', async () => {
  const env = testEnv(ORIGIN, keys);
  assert.match(
    await problemsOf({ ...env, FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'false' }),
    /AZURE_OPENID_CONFIG_ISSUER is a local/,
  );
  assert.match(await problemsOf({ ...env, TOKEN_X_TOKEN_ENDPOINT: 'http://example.com/token' }), /has to be https/);
  assert.match(await problemsOf({ ...env, BIND_ADDRESS: '0.0.0.0:0' }), /FULLMAKT_SIDECAR_ALLOW_REMOTE/);
  assert.equal(await problemsOf({ ...env, BIND_ADDRESS: '0.0.0.0:0', FULLMAKT_SIDECAR_ALLOW_REMOTE: 'true' }), '');
});

test('judges further issuers by name, and refuses one without audience or one that is there twice (2.4)', async () => {
  const env = testEnv(ORIGIN, keys);
  const issuers = (value: object): Record<string, string> => ({ ...env, FULLMAKT_ISSUERS: JSON.stringify(value) });
  const mine = { issuer: 'https://op.example', jwks_uri: 'https://op.example/jwks' };
  assert.equal(await problemsOf(issuers({ mine: { ...mine, audience: ['me'] } })), '');
  assert.match(await problemsOf(issuers({ mine })), /mine has no audience list/);
  assert.match(await problemsOf(issuers({ mine: { ...mine, no_audience: true } })), /required_scope/);
  const both = { ...mine, audience: ['me'], no_audience: true, required_scope: 'a' };
  assert.match(await problemsOf(issuers({ mine: both })), /both an audience list and no_audience/);
  assert.match(
    await problemsOf(issuers({ mine: { ...mine, no_audience: 'true', required_scope: 'a' } })),
    /true or false/,
  );
  assert.match(await problemsOf(issuers({ tokenx: { issuer: 'https://op.example' } })), /algorithms only/);
  const twice = { ...mine, issuer: `${ORIGIN}/tokenx`, audience: ['me'] };
  assert.match(await problemsOf(issuers({ mine: twice })), /same issuer/);
});

test('a URL with a password is refused by the name of its variable, and quoted nowhere', async () => {
  const env = testEnv(ORIGIN, keys);
  const url = 'https://user:hemmelig@op.example';
  const mine = { issuer: url, jwks_uri: `${url}/jwks`, audience: ['me'] };
  for (const values of [
    { FULLMAKT_ISSUERS: JSON.stringify({ mine, other: mine }) },
    { AZURE_OPENID_CONFIG_ISSUER: url, TOKEN_X_ISSUER: url, AZURE_OPENID_CONFIG_JWKS_URI: url },
  ]) {
    const problems = await problemsOf({ ...env, ...values });
    assert.match(problems, /must not hold a user or a password/);
    assert.match(problems, /same issuer/);
    assert.doesNotMatch(problems, /hemmelig/);
  }
});

test('a leeway that would make expiry mean little does not start (2.2, security.md 5)', async () => {
  const env = testEnv(ORIGIN, keys);
  assert.equal(await problemsOf({ ...env, FULLMAKT_SIDECAR_LEEWAY_SECONDS: '120' }), '');
  for (const text of ['121', '10h']) {
    assert.match(
      await problemsOf({ ...env, FULLMAKT_SIDECAR_LEEWAY_SECONDS: text }),
      /LEEWAY_SECONDS has to be a number from 0 to 120/,
    );
  }
});

test('serves probes on a listener of their own: liveness, readiness by provider, metrics (3.1, 3.9)', async (t) => {
  const provider = await startProvider(t, keys);
  const read = readSettings(sidecarSettings, { ...testEnv(provider.origin, keys), PROBE_BIND_ADDRESS: '127.0.0.1:0' });
  assert.ok(read.ok);
  const program = await createSidecar(read.settings, {
    fetch,
    now: () => 0,
    emit: silent,
    metrics: async () => 'figures 1\n',
  });
  t.after(() => program.close());
  const spec = program.listeners.find((each) => each.setting === 'PROBE_BIND_ADDRESS');
  assert.ok(spec !== undefined);
  const listener = await serve(spec);
  t.after(() => listener.close(0));
  const get = async (path: string): Promise<[number, string]> => {
    const response = await fetch(`${listener.origin}${path}`);
    return [response.status, await response.text()];
  };
  assert.deepEqual(await get('/'), [200, 'ok']);
  assert.deepEqual(await get('/healthz'), [200, 'ok']);
  assert.deepEqual(await get('/metrics'), [200, 'figures 1\n']);
  assert.equal((await get('/api/v1/token'))[0], 404);
  const [status, text] = await get('/readyz');
  assert.equal(status, 200);
  const { providers } = JSON.parse(text) as { providers: Record<string, { keys: unknown; credential?: unknown }> };
  assert.deepEqual(Object.keys(providers), ['entra_id', 'tokenx', 'maskinporten', 'idporten']);
  assert.deepEqual(providers['tokenx']?.credential, { kid: 'client-key', loaded: '1970-01-01T00:00:00.000Z' });
});

test('a generic issuer says its kind and its keys rightly, or there is no start (4)', async () => {
  const env = testEnv(ORIGIN, keys);
  const issuers = (mine: object): Record<string, string> => ({ ...env, FULLMAKT_ISSUERS: JSON.stringify({ mine }) });
  const mine = { issuer: 'https://op.example', jwks_uri: 'https://op.example/jwks', audience: ['me'] };
  for (const kind of ['user', 'machine']) assert.equal(await problemsOf(issuers({ ...mine, kind })), '');
  for (const kind of ['person', '', null, 1]) assert.match(await problemsOf(issuers({ ...mine, kind })), /mine\.kind/);
  const wellKnown = { well_known_url: 'https://op.example/.well-known/openid-configuration' };
  assert.equal(await problemsOf(issuers({ ...mine, ...wellKnown, jwks_uri: undefined })), '');
  assert.match(await problemsOf(issuers({ ...mine, ...wellKnown, jwks_uri: 7 })), /needs issuer, and jwks_uri or/);
  assert.match(await problemsOf(issuers({ ...mine, issuer: '' })), /needs issuer/);
  assert.match(await problemsOf(issuers({ ...mine, algorithms: ['HS256'] })), /mine\.algorithms/);
  assert.match(await problemsOf(issuers({ ...mine, algorithms: [] })), /mine\.algorithms/);
});

test('an address of Entra that is for every tenant does not start, and the problem says what to give instead (2.4)', async () => {
  const env = testEnv(ORIGIN, keys);
  for (const tenant of ['common', 'organizations', '{tenantid}']) {
    const issuer = `https://login.example/${tenant}/v2.0`;
    assert.match(
      await problemsOf({ ...env, AZURE_OPENID_CONFIG_ISSUER: issuer }),
      /AZURE_OPENID_CONFIG_ISSUER is for the users of any tenant.* give the URL of that tenant/,
    );
    assert.match(
      await problemsOf({ ...env, AZURE_APP_WELL_KNOWN_URL: `${issuer}/.well-known/openid-configuration` }),
      /AZURE_APP_WELL_KNOWN_URL is for the users of any tenant/,
    );
  }
});

test('a list of targets that lists none is no list that allows all of them (3.4)', async () => {
  for (const list of [',', ' , ,']) {
    assert.match(
      await problemsOf({ ...testEnv(ORIGIN, keys), FULLMAKT_SIDECAR_TARGETS: list }),
      /FULLMAKT_SIDECAR_TARGETS/,
    );
  }
  assert.equal(await problemsOf({ ...testEnv(ORIGIN, keys), FULLMAKT_SIDECAR_TARGETS: '' }), '');
});

test('a header that no request can carry cannot be required (3.6)', async () => {
  for (const name of ['X Local', 'X-Local:', 'X-L\u00f8kal']) {
    const problems = await problemsOf({ ...testEnv(ORIGIN, keys), FULLMAKT_SIDECAR_REQUIRED_HEADER: name });
    assert.match(problems, /FULLMAKT_SIDECAR_REQUIRED_HEADER/);
  }
});
