import assert from 'node:assert/strict';
import test from 'node:test';
import type { LocalIssuers } from '../oauth/local-issuers.ts';
import { PROVIDER_KINDS } from './kinds.ts';
import type { MetadataDemands, MetadataSource } from './metadata.ts';
import { createMetadataSource } from './metadata.ts';

const NOWHERE: LocalIssuers = { allowed: false, hosts: [] };

function sourceOf(
  issuer: string,
  bend: {
    readonly document?: Record<string, unknown>;
    readonly local?: LocalIssuers;
    readonly alg?: string;
    readonly demands?: Partial<MetadataDemands>;
  } = {},
): MetadataSource {
  const base = issuer.replace(/\/$/, '');
  const document = {
    issuer,
    authorization_endpoint: `${base}/authorize`,
    token_endpoint: `${base}/token`,
    jwks_uri: `${base}/jwks`,
    ...bend.document,
  };
  return createMetadataSource({
    wellKnownUrl: `${base}/.well-known/openid-configuration`,
    fetch: () => Promise.resolve(Response.json(document)),
    now: () => 1_800_000_000,
    demands: {
      kind: PROVIDER_KINDS.openid,
      local: bend.local ?? NOWHERE,
      assertionAlgorithm: bend.alg,
      ...bend.demands,
    },
  });
}

const IDPORTEN = {
  pushed_authorization_request_endpoint: 'https://idp.test/par',
  end_session_endpoint: 'https://idp.test/logout',
  id_token_signing_alg_values_supported: ['RS256'],
  acr_values_supported: ['idporten-loa-high'],
  ui_locales_supported: ['nb'],
};
const DEMANDS = { kind: PROVIDER_KINDS.idporten, level: 'idporten-loa-high', locales: ['nb'] };

test('an issuer whose identifier ends in a slash is found under its well-known URL (Discovery 4.1)', async () => {
  assert.equal((await sourceOf('https://idp.test/').get()).issuer, 'https://idp.test/');
  await assert.rejects(sourceOf('https://idp.test', { document: { issuer: 'https://other.test' } }).get());
});

test('ID-porten and Entra ID are their issuer to the byte, and any provider one that is configured (providers.md 1, 2.2)', async () => {
  for (const kind of [PROVIDER_KINDS.idporten, PROVIDER_KINDS.entra]) {
    const demands = { ...DEMANDS, kind };
    const slash = { ...IDPORTEN, issuer: 'https://idp.test/' };
    await assert.rejects(sourceOf('https://idp.test', { document: slash, demands }).get());
    await sourceOf('https://idp.test', { document: slash, demands: { ...demands, issuer: 'https://idp.test/' } }).get();
  }
  const configured = { issuer: 'https://idp.test' };
  await assert.rejects(sourceOf('https://idp.test/', { demands: configured }).get());
  await sourceOf('https://idp.test', { demands: configured }).get();
});

test('explicit endpoints win over those of the metadata (providers.md 2.1)', async () => {
  const endpoints = { jwksUri: 'https://keys.test/jwks', tokenEndpoint: 'https://inside.test/token' };
  const metadata = await sourceOf('https://idp.test', { demands: { endpoints } }).get();
  assert.equal(metadata.endpoint('jwks_uri'), endpoints.jwksUri);
  assert.equal(metadata.endpoint('token_endpoint'), endpoints.tokenEndpoint);
  assert.equal(metadata.server.token_endpoint, endpoints.tokenEndpoint);
  assert.equal(metadata.endpoint('authorization_endpoint'), 'https://idp.test/authorize');
});

test('a host named by the local switch is used over http, loopback only with the switch (providers.md 2.2)', async () => {
  const local = { allowed: true, hosts: ['idp.docker'] };
  assert.equal((await sourceOf('http://idp.docker', { local }).get()).issuer, 'http://idp.docker');
  await assert.rejects(sourceOf('http://idp.other', { local }).get());
  await assert.rejects(sourceOf('http://127.0.0.1:1').get());
  for (const name of ['jwks_uri', 'token_endpoint', 'end_session_endpoint', 'revocation_endpoint']) {
    for (const url of ['http://localhost/x', 'https://localhost/x', 'http://idp.test/x', 'javascript:alert(1)']) {
      await assert.rejects(sourceOf('https://idp.test', { document: { [name]: url } }).get(), `${name} ${url}`);
    }
  }
});

test('a provider that does not take our assertions is refused with the reason (LG-3)', async () => {
  const document = { token_endpoint_auth_signing_alg_values_supported: ['ES256'] };
  const source = sourceOf('https://idp.test', { document, alg: 'RS256' });
  await assert.rejects(source.get(), /client assertions signed with RS256/);
  await sourceOf('https://idp.test', { document, alg: 'ES256' }).get();
  await sourceOf('https://idp.test', { document }).get();
});

test('ID-porten is used only when its metadata has all that the login builds on (providers.md 2.2)', async () => {
  await sourceOf('https://idp.test', { document: IDPORTEN, demands: DEMANDS }).get();
  const lacking = ['issuer', 'authorization_endpoint', 'token_endpoint', 'jwks_uri', ...Object.keys(IDPORTEN)];
  for (const name of lacking) {
    const document = { ...IDPORTEN, [name]: undefined };
    await assert.rejects(sourceOf('https://idp.test', { document, demands: DEMANDS }).get(), name);
  }
  const others: Record<string, readonly string[]> = {
    id_token_signing_alg_values_supported: ['RS512', 'ES256'],
    acr_values_supported: ['idporten-loa-substantial'],
    ui_locales_supported: ['nn', 'en'],
  };
  for (const [name, values] of Object.entries(others)) {
    const document = { ...IDPORTEN, [name]: values };
    await assert.rejects(sourceOf('https://idp.test', { document, demands: DEMANDS }).get(), name);
  }
});

test('of a provider that lists neither levels nor locales, the operator is believed (OpenID Connect Discovery 3)', async () => {
  const demands = { level: 'urn:own', locales: ['nb'] };
  assert.deepEqual((await sourceOf('https://idp.test', { demands }).get()).idTokenAlgorithms, ['RS256']);
});

test('ID tokens of ID-porten and Entra ID are RS256 whatever else their metadata lists (providers.md 2.2)', async () => {
  const algorithms = ['none', 'HS256', 'ES256', 'PS256', 'RS512', 'RS256'];
  for (const kind of [PROVIDER_KINDS.idporten, PROVIDER_KINDS.entra]) {
    const document = { ...IDPORTEN, id_token_signing_alg_values_supported: algorithms };
    const metadata = await sourceOf('https://idp.test', { document, demands: { ...DEMANDS, kind } }).get();
    assert.deepEqual(metadata.idTokenAlgorithms, ['RS256']);
  }
});

test('a provider may call EdDSA by its newer name, Ed25519 (RFC 9864 2.2)', async () => {
  const document = { ...IDPORTEN, id_token_signing_alg_values_supported: ['Ed25519', 'Ed448', 'none'] };
  assert.deepEqual((await sourceOf('https://idp.test', { document }).get()).idTokenAlgorithms, ['EdDSA']);
});

test('sid is promised only by both front-channel flags, iss only by its own (providers.md 2.2, RFC 9207)', async () => {
  const [channel, session] = ['frontchannel_logout_supported', 'frontchannel_logout_session_supported'];
  const rows: readonly (readonly [document: Record<string, unknown>, sid: boolean, iss: boolean])[] = [
    [{}, false, false],
    [{ [channel]: true }, false, false],
    [{ [session]: true }, false, false],
    [{ [channel]: 'true', [session]: 'true' }, false, false],
    [{ [channel]: true, [session]: true }, true, false],
    [{ authorization_response_iss_parameter_supported: true }, false, true],
  ];
  for (const [document, sid, iss] of rows) {
    const { sidPromised, issuerInAnswers } = await sourceOf('https://idp.test', { document }).get();
    assert.deepEqual([sidPromised, issuerInAnswers], [sid, iss], JSON.stringify(document));
  }
});
