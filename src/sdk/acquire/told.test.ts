import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { encodeBase64Url } from '../../oauth/base64url.ts';
import { createTestIssuer } from '../testing.ts';
import { AcquireError, tokensFromEnv } from '../tokens.ts';
import type { Tokens } from '../tokens.ts';
import { fitForLogs } from './told.ts';

const issuer = await createTestIssuer();
const SIDECAR = {
  NAIS_TOKEN_ENDPOINT: 'http://127.0.0.1:7164/api/v1/token',
  NAIS_TOKEN_EXCHANGE_ENDPOINT: 'http://127.0.0.1:7164/api/v1/token/exchange',
};

type Answer = (body: string) => Response;

/** Tokens by both ways, from a provider that answers as told. */
function both(t: test.TestContext, answer: Answer): readonly Tokens[] {
  const fetch: typeof globalThis.fetch = async (_input, init) =>
    answer(typeof init?.body === 'string' ? decodeURIComponent(init.body) : '');
  return [SIDECAR, issuer.env].map((env) => {
    const tokens = tokensFromEnv({ env: { ...issuer.env, ...env }, fetch });
    t.after(() => {
      tokens.close();
    });
    return tokens;
  });
}

async function failureOf(tokens: Tokens, user: string): Promise<AcquireError> {
  const outcome = await tokens.onBehalfOf({ provider: 'tokenx', target: 'test:team:api', user });
  assert.ok(!outcome.ok);
  return outcome.error;
}

test('what a provider echoes of the token it was sent, or of any other, is in no error (1)', async (t) => {
  const jwt = issuer.mint('idporten');
  const opaque = 'opaque-token-without-a-form-of-its-own';
  for (const user of [jwt, opaque]) {
    const [header = '', payload = ''] = jwt.split('.');
    const echoes = [user, `"${user}"`, `token=${user}`, `x${user}`, user.slice(0, -9), `${header}.${payload}`, payload];
    for (const echo of user === jwt ? echoes : echoes.slice(0, 4)) {
      const description = `the subject token ${echo} is refused\nand so on`;
      const answer = (): Response =>
        Response.json({ error: `invalid_${echo}`, error_description: description }, { status: 400 });
      for (const tokens of both(t, answer)) {
        const error = await failureOf(tokens, user);
        const said = JSON.stringify([error.message, error.stack, error.oauthError]);
        assert.ok(!said.includes(user.slice(0, 30)) && !said.includes(payload.slice(0, 30)), said);
        assert.match(error.message, /the subject token .*\[removed\].* is refused and so on$/);
      }
    }
  }
});

test('what a provider says is kept as it is, hosts and numbers in it too, to a thousand characters', async (t) => {
  const description =
    'AADSTS65001: consent is missing. Trace ID: 4b1f6d2e-0a7b-4a4e-9a55-6f6b7b1c2d00 Timestamp: 2026-01-01 10:00:00Z ' +
    'see https://login.keys.example.com/eyes.on.you?code=65001';
  for (const told of [description, description.padEnd(5000, ' and more')]) {
    const answer = (): Response =>
      Response.json({ error: 'invalid_grant', error_description: told, suberror: 'x' }, { status: 400 });
    for (const tokens of both(t, answer)) {
      const error = await failureOf(tokens, issuer.mint('idporten'));
      assert.equal(error.oauthError, 'invalid_grant');
      assert.ok(error.message.startsWith(`invalid_grant: ${description}`), error.message);
      assert.ok(error.message.length < 1020);
    }
  }
});

test('Retry-After has one reading by both ways: seconds or a date, an hour at most, nothing else (3.4)', async (t) => {
  for (const [header, seconds] of [
    ['7', 7],
    ['99999', 3600],
    ['-5', undefined],
    ['', undefined],
    ['1e3', undefined],
    ['soon', undefined],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ] as const) {
    const answer = (): Response =>
      Response.json({ error: 'slow_down' }, { status: 429, headers: { 'retry-after': header } });
    for (const tokens of both(t, answer)) {
      const error = await failureOf(tokens, issuer.mint('idporten'));
      // An unreadable one makes the library try again at once, which brings the same.
      assert.deepEqual([error.kind, error.retryAfterSeconds], ['transient', seconds], header);
    }
  }
});

test('no compact JWS survives, whatever is around it, and no line is begun', () => {
  const around = fc.string({ unit: 'binary', maxLength: 40 });
  const member = fc.record({ alg: fc.string(), kid: fc.string() });
  fc.assert(
    fc.property(around, member, around, (before, header, after) => {
      const token = `${encodeBase64Url(JSON.stringify(header))}.${encodeBase64Url('{"sub":"s"}')}.c2lnbmF0dXJl`;
      const shown = fitForLogs(before + token + after);
      assert.ok(!shown.includes(token.slice(0, 24)) && !shown.includes('\n'), shown);
      assert.ok(shown.length <= 1001);
    }),
  );
});
