import assert from 'node:assert/strict';
import test from 'node:test';
import type { LocalIssuers } from '../oauth/local-issuers.ts';
import { PROVIDER_KINDS } from './kinds.ts';
import type { MetadataSource } from './metadata.ts';
import { createMetadataSource } from './metadata.ts';

const NOWHERE: LocalIssuers = { allowed: false, hosts: [] };

function sourceOf(
  issuer: string,
  bend: { readonly document?: Record<string, unknown>; readonly local?: LocalIssuers; readonly alg?: string } = {},
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
    demands: { kind: PROVIDER_KINDS.openid, local: bend.local ?? NOWHERE, assertionAlgorithm: bend.alg },
  });
}

test('an issuer whose identifier ends in a slash is found under its well-known URL (Discovery 4.1)', async () => {
  assert.equal((await sourceOf('https://idp.test/').get()).issuer, 'https://idp.test/');
  await assert.rejects(sourceOf('https://idp.test', { document: { issuer: 'https://other.test' } }).get());
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
