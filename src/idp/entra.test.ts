import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { importSigningKey } from '../oauth/jwk.ts';
import { signJws } from '../oauth/jws.ts';
import { CASE_WORKERS, CLIENTS, guid } from './testing/rows.ts';
import { askEntra, claimsOf, DESK_CALLBACK, employeeTokens, redirected, visit } from './testing/sign-in.ts';
import type { Jar } from './testing/sign-in.ts';
import { form, ISSUERS, openWorld, TENANT } from './testing/world.ts';

const world = await openWorld();
after(() => world.close());

const L = ISSUERS.entra;
const ISSUER = `${L}/${TENANT}/v2.0`;
const TOKEN_URL = `${L}/${TENANT}/oauth2/v2.0/token`;
const OBO = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

type Answer = Awaited<ReturnType<typeof askEntra>>;

async function read(url: string): Promise<Record<string, unknown>> {
  return (await (await world.fetch(url)).json()) as Record<string, unknown>;
}

function machine(scope: string, change: Record<string, string> = {}): Promise<Answer> {
  return askEntra(world, {
    grant_type: 'client_credentials',
    client_id: CLIENTS.desk,
    client_secret: 's3cret',
    scope,
    ...change,
  });
}

function onBehalf(assertion: unknown, scope: string, change: Record<string, string> = {}): Promise<Answer> {
  const fields = {
    grant_type: OBO,
    requested_token_use: 'on_behalf_of',
    client_secret: 's3cret',
    client_id: CLIENTS.middle,
  };
  return askEntra(world, { ...fields, assertion: String(assertion), scope, ...change });
}

const refusal = async (answer: Promise<Answer>): Promise<unknown> =>
  ((await answer).body['error_codes'] as number[])[0];
const codes = ({ status, body }: Answer): unknown => [status, body['error'], ...(body['error_codes'] as number[])];

const visitAs = (hint: string, scope: string): Promise<Response> => {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: CLIENTS.desk,
    redirect_uri: DESK_CALLBACK,
    scope,
    login_hint: `testid:${hint}`,
  });
  return world.fetch(`${L}/${TENANT}/oauth2/v2.0/authorize?${query.toString()}`);
};

function visitDesk(change: Record<string, string>): Promise<Response> {
  const query = {
    response_type: 'code',
    client_id: CLIENTS.desk,
    redirect_uri: DESK_CALLBACK,
    scope: 'openid',
    login_hint: 'testid:Z990001',
    ...change,
  };
  return world.fetch(`${L}/${TENANT}/oauth2/v2.0/authorize?${new URLSearchParams(query).toString()}`);
}

function assertNames(claims: Record<string, unknown>, expected: string): void {
  assert.deepEqual(Object.keys(claims).toSorted(), expected.split(' ').toSorted());
}

test('entra-12-metadata: one tenant field by field and nothing more, common with its literal {tenantid}', async () => {
  const one = await read(`${L}/${TENANT}/v2.0/.well-known/openid-configuration?appid=x`);
  assert.deepEqual(one, {
    issuer: ISSUER,
    authorization_endpoint: `${L}/${TENANT}/oauth2/v2.0/authorize`,
    token_endpoint: TOKEN_URL,
    end_session_endpoint: `${L}/${TENANT}/oauth2/v2.0/logout`,
    jwks_uri: `${L}/${TENANT}/discovery/v2.0/keys`,
    userinfo_endpoint: 'https://localhost:7422/oidc/userinfo',
    device_authorization_endpoint: `${L}/${TENANT}/oauth2/v2.0/devicecode`,
    kerberos_endpoint: `${L}/${TENANT}/kerberos`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    request_uri_parameter_supported: false,
    http_logout_supported: true,
    frontchannel_logout_supported: true,
    claims_supported:
      'sub iss cloud_instance_name cloud_instance_host_name cloud_graph_host_name msgraph_host aud exp iat auth_time acr nonce preferred_username name tid ver at_hash c_hash email'.split(
        ' ',
      ),
    tenant_region_scope: 'EU',
    cloud_instance_name: 'localhost:7421',
    cloud_graph_host_name: 'graph.windows.net',
    msgraph_host: 'localhost:7422',
    rbac_url: 'https://pas.windows.net',
  });
  const common = await read(`${L}/common/v2.0/.well-known/openid-configuration`);
  assert.deepEqual([common['issuer'], common['tenant_region_scope']], [`${L}/{tenantid}/v2.0`, null]);
  assert.equal((await read(`${L}/example.test/v2.0/.well-known/openid-configuration`))['issuer'], ISSUER);
  const instance = await read(
    `${L}/common/discovery/instance?api-version=1.1&authorization_endpoint=${encodeURIComponent(L)}`,
  );
  assert.deepEqual(instance['metadata'], [
    { preferred_network: 'localhost:7421', preferred_cache: 'localhost:7421', aliases: ['localhost:7421'] },
  ]);
  assert.deepEqual((await read(`${L}/nowhere.test/v2.0/.well-known/openid-configuration`))['error_codes'], [90002]);
});

test('entra-19-jwks: at least two keys, named by their certificates, with issuer and without alg', async () => {
  const { keys } = (await read(`${L}/${TENANT}/discovery/v2.0/keys`)) as { keys: Record<string, unknown>[] };
  assert.ok(keys.length >= 2);
  for (const key of keys) {
    assert.deepEqual(Object.keys(key).toSorted(), ['e', 'issuer', 'kid', 'kty', 'n', 'use', 'x5c', 'x5t']);
    const der = Buffer.from(String((key['x5c'] as string[])[0]), 'base64');
    assert.equal(key['kid'], createHash('sha1').update(der).digest('base64url'));
    assert.deepEqual([key['x5t'], key['issuer']], [key['kid'], ISSUER]);
  }
});

test('entra-13-assertion: replay, both audiences, floats and five minutes of skew are accepted; the rest is named', async () => {
  const { now } = world.clock;
  const sign = (claims: Record<string, unknown> = {}, header: object = {}): Promise<string> =>
    signJws(
      { typ: 'anything', ...header },
      { iss: CLIENTS.desk, sub: CLIENTS.desk, aud: TOKEN_URL, exp: now + 600, ...claims },
      world.key,
    );
  const ask = (client_assertion: string, change: Record<string, string> = {}): Promise<Answer> =>
    askEntra(world, {
      grant_type: 'client_credentials',
      scope: `${CLIENTS.api}/.default`,
      client_assertion,
      client_assertion_type: ASSERTION_TYPE,
      ...change,
    });
  const again = await sign();
  assert.equal((await ask(again)).status, 200);
  assert.equal((await ask(again)).status, 200);
  assert.equal((await ask(await sign({ aud: ISSUER, exp: now + 0.5, nbf: now + 299.5 }))).status, 200);
  assert.equal((await ask(await sign({ exp: now - 299 }))).status, 200);
  assert.deepEqual(codes(await ask(await sign({ exp: now - 301 }))), [401, 'invalid_client', 700024]);
  assert.deepEqual(codes(await ask(await sign({ aud: L }))), [401, 'invalid_client', 700023]);
  assert.deepEqual(codes(await ask(await sign({}, { x5t: 'AAAA' }))), [401, 'invalid_client', 700027]);
  assert.deepEqual(codes(await ask(`${again.slice(0, -8)}AAAAAAAA`)), [401, 'invalid_client', 700027]);
  assert.deepEqual(codes(await ask('nonsense')), [400, 'invalid_request', 50027]);
  assert.deepEqual(codes(await ask(again, { client_id: CLIENTS.middle })), [401, 'invalid_client', 700021]);
});

test('entra-13-assertion: a key is found by x5t (padded, bare), x5t#S256 with PS256, and kid as thumbprint in base64url or hex', async () => {
  const { alg, ...unbound } = world.certified;
  assert.equal(alg, 'RS256');
  const der = Buffer.from(String((world.certified['x5c'] as string[])[0]), 'base64');
  const sha1 = createHash('sha1').update(der).digest();
  const sha256 = createHash('sha256').update(der).digest('base64url');
  const ask = async (
    header: Record<string, unknown>,
    kid: string,
    signWith: 'RS256' | 'PS256' = 'RS256',
  ): Promise<number> => {
    const key = importSigningKey({ ...unbound, alg: signWith, kid });
    const claims = { iss: CLIENTS.desk, sub: CLIENTS.desk, aud: TOKEN_URL, exp: world.clock.now + 60 };
    const fields = { client_assertion: await signJws(header, claims, key), client_assertion_type: ASSERTION_TYPE };
    return (await machine(`${CLIENTS.api}/.default`, { ...fields, client_secret: '' })).status;
  };
  assert.equal(await ask({ x5t: sha1.toString('base64url') }, 'x'), 200);
  assert.equal(await ask({ x5t: sha1.toString('base64') }, 'x'), 200);
  assert.equal(await ask({ 'x5t#S256': sha256 }, 'x', 'PS256'), 200);
  assert.equal(await ask({}, sha1.toString('base64url')), 200);
  assert.equal(await ask({}, sha1.toString('hex').toUpperCase()), 200);
  assert.equal(await ask({}, 'registered-name'), 200);
  assert.equal(await ask({}, 'x'), 401);
});

test('entra-14-tolerance: query strings and unknown fields pass, client-request-id comes back', async () => {
  const id = '7e0a9b3c-1111-4222-8333-944445555666';
  const fields = {
    grant_type: 'client_credentials',
    client_id: CLIENTS.desk,
    client_secret: 's3cret',
    scope: `${CLIENTS.api}/.default`,
    'x-client-SKU': 'x',
  };
  assert.equal((await world.fetch(`${TOKEN_URL}?api-version=1&foo=bar`, form(fields))).status, 200);
  const refused = await world.fetch(`${TOKEN_URL}?client-request-id=${id}`, form({ ...fields, client_secret: 'no' }));
  assert.equal(((await refused.json()) as Record<string, unknown>)['correlation_id'], id);
  assert.equal((await world.fetch(TOKEN_URL, { method: 'OPTIONS' })).headers.get('access-control-allow-origin'), '*');
});

test('entra-15-errors: the whole error object, and a number for each fault', async () => {
  const { body } = await machine(`${CLIENTS.api}/.default`, { client_secret: 'wrong' });
  assert.deepEqual(Object.keys(body).toSorted(), [
    'correlation_id',
    'error',
    'error_codes',
    'error_description',
    'error_uri',
    'timestamp',
    'trace_id',
  ]);
  assert.match(
    String(body['error_description']),
    /^AADSTS7000215: .+ Trace ID: [0-9a-f-]{36} Correlation ID: [0-9a-f-]{36} Timestamp: \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/,
  );
  assert.equal(body['error_uri'], `${L}/error?code=7000215`);
  const scope = `${CLIENTS.api}/.default`;
  assert.deepEqual(codes({ status: 400, body: await read(TOKEN_URL) }), [400, 'invalid_request', 900561]);
  assert.deepEqual(codes(await askEntra(world, {})), [400, 'invalid_request', 900144]);
  assert.deepEqual(codes(await machine(scope, { grant_type: 'password' })), [400, 'unsupported_grant_type', 70003]);
  assert.deepEqual(codes(await machine(scope, { client_id: guid(0xff) })), [400, 'unauthorized_client', 700016]);
  assert.deepEqual(codes(await machine(scope, { client_secret: '' })), [401, 'invalid_client', 7000218]);
  assert.deepEqual(codes(await machine(CLIENTS.api)), [400, 'invalid_scope', 1002012]);
  assert.deepEqual(codes(await machine(`${CLIENTS.api}/read`)), [400, 'invalid_scope', 1002012]);
  assert.deepEqual(codes(await machine(`${CLIENTS.api}/.default ${CLIENTS.middle}/.default`)), [
    400,
    'invalid_request',
    28000,
  ]);
  assert.deepEqual(codes(await machine('api://local.demo.nothing/.default')), [400, 'invalid_resource', 500011]);
  assert.deepEqual(codes(await machine('api://local.demo.closed/.default')), [400, 'invalid_grant', 501051]);
  const common = await askEntra(
    world,
    { grant_type: 'client_credentials', client_id: CLIENTS.desk, client_secret: 's3cret', scope },
    'common',
  );
  assert.deepEqual(codes(common), [400, 'invalid_request', 90002]);
});

test('entra-15-errors: a refusal by policy names both applications, and the event names the manifest line', async () => {
  world.events.length = 0;
  const { body } = await machine('api://local.demo.closed/.default');
  for (const part of [CLIENTS.desk, 'local:demo:desk', 'api://local.demo.closed', 'local:demo:closed']) {
    assert.ok(String(body['error_description']).includes(part));
  }
  const refused = world.events.find((event) => event.event === 'idp.refused');
  assert.ok(refused?.event === 'idp.refused');
  assert.equal(refused.fix, 'add `- application: desk` under spec.accessPolicy.inbound.rules in closed.yaml:18');
});

test('entra-16-obo: through a chain of two, by policy; application tokens, ID tokens and foreign tokens are refused', async () => {
  const user = await employeeTokens(world, `openid offline_access ${CLIENTS.middle}/.default`);
  assert.equal(user.status, 200, JSON.stringify(user.body));
  const next = await onBehalf(user.body['access_token'], 'api://local.demo.api/.default');
  assert.equal(next.status, 200, JSON.stringify(next.body));
  const claims = claimsOf(next.body['access_token']);
  assert.deepEqual([claims['aud'], claims['azp'], claims['scp']], [CLIENTS.api, CLIENTS.middle, 'defaultaccess']);
  assert.equal(claims['oid'], claimsOf(user.body['access_token'])['oid']);
  assert.equal(next.body['refresh_token'], undefined);
  const access = user.body['access_token'];
  assert.equal(await refusal(onBehalf(access, 'api://local.demo.closed/.default')), 65001);
  assert.equal(await refusal(onBehalf(access, 'api://local.demo.api/.default', { requested_token_use: '' })), 900144);
  assert.equal(await refusal(onBehalf(next.body['access_token'], 'api://local.demo.api/.default')), 50013);
  const app = await machine(`${CLIENTS.middle}/.default`);
  assert.equal(await refusal(onBehalf(app.body['access_token'], 'api://local.demo.api/.default')), 7000114);
  assert.equal(
    await refusal(onBehalf(user.body['id_token'], 'api://local.demo.api/.default', { client_id: CLIENTS.desk })),
    240002,
  );
  world.clock.now += 5401;
  assert.equal(await refusal(onBehalf(access, 'api://local.demo.api/.default')), 500133);
});

test('entra-17-claims: pairwise sub, one oid, groups the API lists, dates back 300 s, idtyp for applications only', async () => {
  const { body } = await employeeTokens(world, `openid profile ${CLIENTS.middle}/.default`, 'Z990002');
  const [id, access] = [claimsOf(body['id_token']), claimsOf(body['access_token'])];
  assert.deepEqual([id['aud'], access['aud'], access['iss']], [CLIENTS.desk, CLIENTS.middle, ISSUER]);
  const shared = 'aio exp iat iss nbf oid rh sub tid uti ver';
  const personal = 'NAVident groups name preferred_username sid';
  assertNames(id, `${shared} ${personal} aud nonce`);
  assertNames(access, `${shared} ${personal} aud azp azp_name azpacr scp`);
  assert.deepEqual([String(access['sub']).length, String(access['uti']).length, access['ver']], [43, 22, '2.0']);
  assert.notEqual(id['sub'], access['sub']);
  assert.equal(id['oid'], access['oid']);
  assert.deepEqual(access['groups'], [CASE_WORKERS]);
  assert.deepEqual(
    [access['NAVident'], access['idtyp'], id['nonce'], access['azpacr']],
    ['Z990002', undefined, 'no', '1'],
  );
  assert.equal(access['iat'], world.clock.now - 300);
  assert.equal(Number(access['exp']) - (world.clock.now - 300), Number(body['expires_in']) + 300);
  const app = claimsOf((await machine('api://local.demo.api/.default')).body['access_token']);
  assert.deepEqual(
    [app['idtyp'], app['roles'], app['sub'], app['oid']],
    ['app', ['access_as_application', 'admin'], guid(0x20), guid(0x20)],
  );
  assertNames(app, `${shared} aud azp azp_name azpacr idtyp roles`);
  const jwks = (await read(`${L}/${TENANT}/discovery/v2.0/keys`)) as unknown as Parameters<typeof createLocalJWKSet>[0];
  const options = {
    issuer: ISSUER,
    audience: CLIENTS.middle,
    algorithms: ['RS256'],
    currentDate: new Date(world.clock.now * 1000),
  };
  await jwtVerify(String(body['access_token']), createLocalJWKSet(jwks), options);
});

test('entra-16-obo: outside the groups of the client a page says AADSTS50105, outside those of the API too', async () => {
  world.events.length = 0;
  const outsider = await visitAs('Z990005', 'openid');
  assert.equal(outsider.status, 400);
  assert.match(await outsider.text(), /id="fm-error">AADSTS50105</);
  assert.ok(world.events.some((event) => event.event === 'idp.refused' && event.fix?.includes('desk') === true));
  assert.match(await (await visitAs('Z990001', 'openid api://local.demo.picky/.default')).text(), /AADSTS50105/);
  assert.equal(
    redirected(await visitAs('Z990001', 'openid api://local.demo.closed/.default')).get('error'),
    'consent_required',
  );
});

test('entra-18-refresh: the old token stays valid, another API may be named, another client may not use it', async () => {
  const { body } = await employeeTokens(world, `openid offline_access ${CLIENTS.middle}/.default`);
  const refresh = (change: Record<string, string> = {}): Promise<Answer> =>
    askEntra(world, {
      grant_type: 'refresh_token',
      client_id: CLIENTS.desk,
      client_secret: 's3cret',
      refresh_token: String(body['refresh_token']),
      ...change,
    });
  const first = await refresh();
  assert.equal(first.status, 200);
  assert.notEqual(first.body['refresh_token'], body['refresh_token']);
  const other = await refresh({ scope: 'api://local.demo.api/.default' });
  assert.equal(claimsOf(other.body['access_token'])['aud'], CLIENTS.api);
  assert.deepEqual(codes(await refresh({ client_id: CLIENTS.middle })), [400, 'invalid_grant', 70008]);
  assert.deepEqual(codes(await refresh({ refresh_token: 'x' })), [400, 'invalid_grant', 9002313]);
});

test('entra codes: any port of localhost, client_info, an opaque token for Graph; a used code has its number', async () => {
  assert.match(await (await visitDesk({ client_id: guid(0xff) })).text(), /AADSTS700016/);
  assert.match(await (await visitDesk({ redirect_uri: 'http://127.0.0.1:9/x' })).text(), /AADSTS50011/);
  const code = redirected(await visitDesk({ redirect_uri: 'http://localhost:9999/oauth2/callback' })).get('code') ?? '';
  const redeem = (change: Record<string, string> = {}): Promise<Answer> =>
    askEntra(world, {
      grant_type: 'authorization_code',
      client_id: CLIENTS.desk,
      client_secret: 's3cret',
      code,
      redirect_uri: 'http://localhost:9999/oauth2/callback',
      ...change,
    });
  assert.deepEqual(codes(await redeem({ redirect_uri: DESK_CALLBACK })), [400, 'invalid_request', 50011]);
  assert.deepEqual(codes(await redeem({ code: 'x' })), [400, 'invalid_grant', 9002313]);
  const good = await redeem({ code_verifier: 'v'.repeat(43), client_info: '1' });
  assert.equal(good.status, 200);
  assert.match(String(good.body['access_token']), /^fmgraph\./);
  const info = JSON.parse(Buffer.from(String(good.body['client_info']), 'base64url').toString()) as Record<
    string,
    unknown
  >;
  assert.deepEqual(info, { uid: claimsOf(good.body['id_token'])['oid'], utid: TENANT });
  assert.deepEqual(codes(await redeem()), [400, 'invalid_grant', 54005]);
  assert.equal(redirected(await visitDesk({ resource: 'x:y' })).get('error'), 'invalid_request');
  assert.equal(redirected(await visitDesk({ prompt: 'none', login_hint: '' })).get('error'), 'login_required');
});

test('entra logout ends the session; it goes back only to a registered redirect URI', async () => {
  const jar: Jar = new Map();
  const query = { response_type: 'code', client_id: CLIENTS.desk, redirect_uri: DESK_CALLBACK, scope: 'openid' };
  const at = (change: Record<string, string>): Promise<Response> =>
    visit(
      world,
      jar,
      `${L}/${TENANT}/oauth2/v2.0/authorize?${new URLSearchParams({ ...query, ...change }).toString()}`,
    );
  await at({ login_hint: 'testid:Z990001' });
  assert.ok(redirected(await at({ prompt: 'none' })).get('code'));
  const out = (to: string): Promise<Response> =>
    visit(
      world,
      jar,
      `${L}/${TENANT}/oauth2/v2.0/logout?${new URLSearchParams({ post_logout_redirect_uri: to, state: 's' }).toString()}`,
    );
  assert.equal((await out(DESK_CALLBACK)).headers.get('location'), `${DESK_CALLBACK}?state=s`);
  assert.equal(redirected(await at({ prompt: 'none' })).get('error'), 'login_required');
  assert.equal((await out('http://evil.example/')).headers.get('location'), null);
});
