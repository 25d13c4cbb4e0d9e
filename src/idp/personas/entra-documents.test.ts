import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import { serve } from '../../web/serve.ts';
import { openEntra } from '../services/entra.ts';
import { openStage } from '../stage.ts';
import { machine } from '../testing/entra.ts';
import { CLIENTS } from '../testing/rows.ts';
import { form, ISSUERS, openWorld, TENANT } from '../testing/world.ts';

const world = await openWorld({ personas: ['entra'] });
after(() => world.close());

const L = ISSUERS.entra;
const ISSUER = `${L}/${TENANT}/v2.0`;
const TOKEN_URL = `${L}/${TENANT}/oauth2/v2.0/token`;

async function read(url: string): Promise<Record<string, unknown>> {
  return (await (await world.fetch(url)).json()) as Record<string, unknown>;
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

const metadataOf = (segment: string): string => `${L}/${segment}/v2.0/.well-known/openid-configuration`;

async function discovered(endpoint: string): Promise<unknown> {
  const query = new URLSearchParams({ 'api-version': '1.1', authorization_endpoint: endpoint });
  return (await read(`${L}/common/discovery/instance?${query.toString()}`))['tenant_discovery_endpoint'];
}

test('entra-12-metadata: instance discovery leads to the metadata of the authority that was asked about, never out of here', async () => {
  for (const segment of [TENANT, 'example.test', 'organizations']) {
    assert.equal(await discovered(`${L}/${segment}/oauth2/v2.0/authorize`), metadataOf(segment));
  }
  for (const other of [
    `${L}/nowhere.test/oauth2/v2.0/authorize`,
    `https://x.test/${TENANT}/a`,
    `${L}x/${TENANT}/`,
    '',
  ]) {
    assert.equal(await discovered(other), metadataOf('common'));
  }
});

test('entra-12-metadata: what the real service does not say is not said, and the headers are its own', async () => {
  const response = await world.fetch(`${L}/${TENANT}/v2.0/.well-known/openid-configuration?x-client-SKU=x&appid=y`);
  assert.equal(response.headers.get('cache-control'), 'max-age=86400, private');
  assert.equal(response.headers.get('access-control-allow-origin'), '*');
  assert.ok(response.headers.has('x-ms-request-id') && response.headers.has('x-ms-ests-server'));
  const shared = await read(`${L}/organizations/v2.0/.well-known/openid-configuration`);
  assert.equal(shared['token_endpoint'], `${L}/organizations/oauth2/v2.0/token`);
  assert.equal(shared['issuer'], `${L}/{tenantid}/v2.0`);
  for (const absent of ['grant_types_supported', 'code_challenge_methods_supported', 'introspection_endpoint']) {
    assert.equal(Object.hasOwn(shared, absent), false);
  }
  const { keys } = (await read(`${L}/common/discovery/v2.0/keys`)) as { keys: Record<string, unknown>[] };
  assert.equal(keys[0]?.['issuer'], `${L}/{tenantid}/v2.0`);
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

test('entra-19-jwks: a new key signs at once, and the old ones stay published', async (t) => {
  const stage = await openStage(world.config, world.deps);
  const { realm, listeners } = await openEntra(stage);
  const [plain] = listeners;
  assert.ok(plain !== undefined);
  const listener = await serve(plain);
  t.after(() => listener.close(0));
  const base = `${listener.origin}/${TENANT}`;
  const kids = async (): Promise<unknown[]> => {
    const { keys } = (await (await fetch(`${base}/discovery/v2.0/keys`)).json()) as { keys: Record<string, unknown>[] };
    return keys.map(({ kid }) => kid);
  };
  const signedWith = async (): Promise<unknown> => {
    const fields = { grant_type: 'client_credentials', client_id: CLIENTS.desk, client_secret: 's3cret' };
    const answer = await fetch(`${base}/oauth2/v2.0/token`, form({ ...fields, scope: `${CLIENTS.api}/.default` }));
    const { access_token: token } = (await answer.json()) as Record<string, unknown>;
    const header: unknown = JSON.parse(Buffer.from(String(token).split('.')[0] ?? '', 'base64url').toString());
    return (header as Record<string, unknown>)['kid'];
  };
  const before = await kids();
  assert.equal(await signedWith(), before[0]);
  const key = await realm.keys.make('RS256');
  realm.keys.add(key);
  assert.equal(await signedWith(), before[0]);
  realm.keys.promote(key.signing.kid);
  assert.equal(await signedWith(), key.signing.kid);
  assert.match(key.signing.kid, /^[\w-]{27}$/);
  assert.deepEqual(await kids(), [...before, key.signing.kid]);
});

test('entra-14-tolerance: query strings and unknown fields pass, client-request-id comes back from wherever it was sent', async () => {
  const id = '7e0a9b3c-1111-4222-8333-944445555666';
  const scope = `${CLIENTS.api}/.default`;
  assert.equal((await machine(world, scope, { 'x-client-SKU': 'x', resource: 'x' })).status, 200);
  const fields = { grant_type: 'client_credentials', client_id: CLIENTS.desk, client_secret: 'no', scope };
  const echoed = async (
    url: string,
    headers: Record<string, string>,
    more: Record<string, string>,
  ): Promise<unknown> => {
    const refused = await world.fetch(url, form({ ...fields, ...more }, headers));
    assert.ok(refused.headers.has('x-ms-request-id') && refused.headers.get('access-control-allow-origin') === '*');
    return ((await refused.json()) as Record<string, unknown>)['correlation_id'];
  };
  assert.equal(await echoed(`${TOKEN_URL}?api-version=1&client-request-id=${id}`, {}, {}), id);
  assert.equal(await echoed(TOKEN_URL, { 'client-request-id': id }, {}), id);
  assert.equal(await echoed(TOKEN_URL, {}, { 'client-request-id': id }), id);
  const preflight = await world.fetch(TOKEN_URL, { method: 'OPTIONS' });
  assert.equal(preflight.headers.get('access-control-allow-methods'), 'POST, OPTIONS');
  assert.equal(preflight.headers.get('access-control-allow-origin'), '*');
});
