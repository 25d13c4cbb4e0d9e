import assert from 'node:assert/strict';
import test from 'node:test';
import type { Fetch } from '../oauth/fetch.ts';
import { PROVIDER_KINDS } from './kinds.ts';
import type { LoginClient } from './login-client.ts';
import { createLoginClient } from './login-client.ts';
import { classifyRefreshFailure, refreshTokens } from './refresh-grant.ts';
import { ProviderFault } from './provider-fault.ts';

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
