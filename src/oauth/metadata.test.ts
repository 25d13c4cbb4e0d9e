import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DocumentUnavailable } from './document.ts';
import { fetchMetadata } from './metadata.ts';

const OPENID = '/.well-known/openid-configuration';

function load(url: string, document: unknown, expectedIssuer?: string): ReturnType<typeof fetchMetadata> {
  const fetch = async (): Promise<Response> => Response.json(document);
  return fetchMetadata(url, { fetch, ...(expectedIssuer === undefined ? {} : { expectedIssuer }) });
}

test('gives checked endpoints and the whole document', async () => {
  const document = {
    issuer: 'https://a.test',
    token_endpoint: 'https://a.test/token',
    acr_values_supported: ['x'],
    jwks_uri: null,
  };
  const metadata = await load(`https://a.test${OPENID}`, document);
  assert.equal(metadata.token_endpoint, 'https://a.test/token');
  assert.equal(metadata.jwks_uri, undefined);
  assert.deepEqual(metadata.raw, document);
});

for (const [url, issuer] of [
  [`https://a.test${OPENID}`, 'https://a.test/'],
  [`https://a.test/t/v2.0${OPENID}`, 'https://a.test/t/v2.0'],
  ['https://a.test/.well-known/oauth-authorization-server/t', 'https://a.test/t'],
  ['https://a.test/.well-known/oauth-authorization-server', 'https://a.test'],
] as const) {
  test(`${url} may speak for ${issuer} (RFC 8414 section 3)`, async () => {
    assert.equal((await load(url, { issuer })).issuer, issuer);
  });
}

test('a document that speaks for another issuer is refused (RFC 8414 section 3.3)', async () => {
  for (const [url, issuer, expected] of [
    [`https://a.test${OPENID}`, 'https://b.test'],
    [`https://a.test${OPENID}`, 'https://a.test//'],
    [`https://a.test${OPENID}`, 'https://A.test'],
    [`https://a.test${OPENID}x`, 'https://a.testx'],
    ['https://a.test/elsewhere', 'https://a.test'],
    [`https://a.test${OPENID}`, 'https://a.test/', 'https://a.test'],
  ] as const) {
    await assert.rejects(load(url, { issuer }, expected), DocumentUnavailable);
  }
});

test('a document of 128 KiB is read, and one of a byte more is not (sidecar-sdk.md 2.5)', async () => {
  for (const [bytes, reason] of [
    [128 * 1024, undefined],
    [128 * 1024 + 1, 'longer than 131072 bytes'],
  ] as const) {
    const text = JSON.stringify({ issuer: 'https://a.test' }).padEnd(bytes, ' ');
    const found = await fetchMetadata(`https://a.test${OPENID}`, { fetch: async () => new Response(text) }).then(
      () => undefined,
      (error: unknown) => (error instanceof DocumentUnavailable ? error.reason : error),
    );
    assert.equal(found, reason);
  }
});

test('an expected issuer is compared byte for byte, wherever the document lies', async () => {
  assert.equal(
    (await load('https://a.test/x', { issuer: 'https://b.test/' }, 'https://b.test/')).issuer,
    'https://b.test/',
  );
});

test('a document without issuer, or with an endpoint we must not use, is refused', async () => {
  const issuer = 'https://a.test';
  for (const document of [
    [],
    'x',
    {},
    { issuer: '' },
    { issuer: 7 },
    { issuer, token_endpoint: 'http://a.test/token' },
    { issuer, jwks_uri: 'file:///x' },
    { issuer, jwks_uri: 7 },
    { issuer, authorization_endpoint: 'javascript:alert(1)' },
  ]) {
    await assert.rejects(load(`https://a.test${OPENID}`, document), DocumentUnavailable);
  }
});

test('J10 what a document of the public network names is of it too, and one from inside may name what is inside', async () => {
  const url = `https://a.test${OPENID}`;
  const asked: unknown[] = [];
  const from = (inside: boolean): ReturnType<typeof fetchMetadata> =>
    fetchMetadata(url, {
      fetch: async (_url, init) => {
        asked.push(init?.reach);
        if (inside && init?.reach === 'public') throw Object.assign(new Error('no'), { code: 'ERR_ADDRESS_REFUSED' });
        return Response.json({ issuer: 'https://a.test' });
      },
    });
  assert.equal((await from(false)).reach, 'public');
  assert.equal((await from(true)).reach, 'any');
  assert.deepEqual(asked, ['public', 'public', undefined]);
});
