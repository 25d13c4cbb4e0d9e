import assert from 'node:assert/strict';
import test from 'node:test';
import type { Fetch } from '../oauth/fetch.ts';
import { redeemCode } from './code-grant.ts';
import { PROVIDER_KINDS } from './kinds.ts';
import type { LoginClient } from './login-client.ts';
import { createLoginClient } from './login-client.ts';
import { classifyRefreshFailure, refreshTokens } from './refresh-grant.ts';
import { ProviderFault } from './provider-fault.ts';
import { pushAuthorizationRequest } from './pushed-request.ts';

const ISSUER = 'https://idp.test';
const METADATA = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/authorize`,
  token_endpoint: `${ISSUER}/token`,
  jwks_uri: `${ISSUER}/jwks`,
  pushed_authorization_request_endpoint: `${ISSUER}/par`,
};
const TOKENS = { access_token: 'a', token_type: 'Bearer', expires_in: 60 };

/** A client whose provider gives these answers, one a call. */
function clientOf(answers: (() => Response | Promise<Response>)[]): { client: LoginClient; calls: () => number } {
  let calls = 0;
  const fetch: Fetch = async (url) => {
    if (url.endsWith('/openid-configuration')) return Response.json(METADATA);
    calls += 1;
    const answer = answers.shift();
    if (answer === undefined) throw new TypeError('fetch failed');
    return answer();
  };
  const client = createLoginClient(
    {
      kind: PROVIDER_KINDS.openid,
      clientId: 'c',
      wellKnownUrl: `${ISSUER}/.well-known/openid-configuration`,
      credential: { kind: 'secret', secret: 's', method: 'auto' },
      local: { allowed: false, hosts: [] },
    },
    { fetch, now: () => 1_800_000_000 },
  );
  return { client, calls: () => calls };
}

function timeout(): never {
  throw new DOMException('too slow', 'TimeoutError');
}

function cutShort(): Response {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"access_'));
      controller.error(new TypeError('terminated'));
    },
  });
  return new Response(body, { headers: { 'content-type': 'application/json' } });
}

test('a refresh answer cut short is tried once more, as a broken connection is (A11)', async () => {
  const { client, calls } = clientOf([cutShort, () => Response.json(TOKENS)]);
  assert.equal((await refreshTokens(client, 'r', [])).accessToken, 'a');
  assert.equal(calls(), 2);
});

test('an answer longer than 256 KiB is not read, nor asked for again (LG-4)', async () => {
  const long = { ...TOKENS, access_token: 'a'.repeat(300 * 1024) };
  const { client, calls } = clientOf([() => Response.json(long)]);
  await assert.rejects(
    refreshTokens(client, 'r', []),
    (error) =>
      error instanceof ProviderFault && error.kind === 'invalid' && classifyRefreshFailure(error) === 'transient',
  );
  assert.equal(calls(), 1);
});

test('a timeout is not tried again: a one-time token may be spent (section 8)', async () => {
  const { client, calls } = clientOf([timeout]);
  await assert.rejects(
    refreshTokens(client, 'r', []),
    (error) => error instanceof ProviderFault && error.kind === 'timeout',
  );
  assert.equal(calls(), 1);
});

const status = (code: number): (() => Response) => {
  return () => Response.json({ error: 'slow_down' }, { status: code });
};

test('a refresh is sent a second time after 5xx, and after no 4xx (login-proxy.md 8)', async () => {
  for (const [code, sent] of [
    [500, 2],
    [503, 2],
    [400, 1],
    [408, 1],
    [429, 1],
  ] as const) {
    const { client, calls } = clientOf([status(code), status(code)]);
    await assert.rejects(refreshTokens(client, 'r', []), ProviderFault);
    assert.equal(calls(), sent, String(code));
  }
});

test('a pushed request that was refused, also for coming too often, is not sent again (LG-2)', async () => {
  for (const code of [400, 408, 413, 429]) {
    const { client, calls } = clientOf([status(code), status(code)]);
    const pushed = pushAuthorizationRequest(client, await client.metadata.get(), new URLSearchParams());
    await assert.rejects(pushed, (error) => error instanceof ProviderFault && error.status === code);
    assert.equal(calls(), 1, String(code));
  }
});

const broken = (code: string): (() => never) => {
  return () => {
    throw new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
  };
};

test('a code is sent a second time only when the connection failed before the request left (providers.md 2.3)', async () => {
  const answers: readonly (readonly [first: () => Response, sent: number])[] = [
    [broken('ECONNREFUSED'), 2],
    [broken('ENOTFOUND'), 2],
    [broken('ENETUNREACH'), 2],
    [broken('UND_ERR_CONNECT_TIMEOUT'), 2],
    [broken('ECONNRESET'), 1],
    [broken('UND_ERR_SOCKET'), 1],
    [timeout, 1],
    [cutShort, 1],
    [status(408), 1],
    [status(429), 1],
    [status(503), 1],
    [() => new Response('', { status: 302, headers: { location: `${ISSUER}/token` } }), 1],
  ];
  for (const [first, sent] of answers) {
    const { client, calls } = clientOf([first, status(400)]);
    const parameters = new URLSearchParams({ code: 'c', state: 's' });
    const grant = { parameters, state: 's', redirectUri: 'https://app.test', codeVerifier: 'v', nonce: 'n' };
    await assert.rejects(redeemCode(client, await client.metadata.get(), grant), ProviderFault);
    assert.equal(calls(), sent, first.toString());
  }
});
