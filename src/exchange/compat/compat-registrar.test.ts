import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generatePrivateJwk, publicJwk } from '../../oauth/jwk.ts';
import { createObserver } from '../../observe/observer.ts';
import { createMemoryRegistry } from '../../registry/registry.ts';
import { exchangeEventsFor } from './compat-telemetry.ts';
import { compatConfig } from '../testing/compat.ts';
import { createTestKeys, createWorld, ISSUER, sign, START } from '../testing/world.ts';
import type { Answer, World } from '../testing/world.ts';

const keys = await createTestKeys();
const jwker = await generatePrivateJwk('RS256', 'jwker-1');

async function register(world: World, name: string, inbound: readonly string[]): Promise<Answer> {
  const appId = `dev:fleet:${name}`;
  const statement = { appId, accessPolicyInbound: inbound, accessPolicyOutbound: [] };
  const body = {
    client_name: appId,
    jwks: { keys: [publicJwk(keys.client)] },
    software_statement: await sign(statement, jwker),
  };
  const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${await bearer()}` };
  return world.send('POST', '/registration/client', { headers, body: JSON.stringify(body) });
}

/** As such a registrar signs it for itself: once, for years, and without `iat`. */
async function bearer(): Promise<string> {
  const claims = { iss: 'jwker', sub: 'jwker', aud: 'tokendings', nbf: 1, exp: START + 580 * 86_400, jti: 'one' };
  return sign(claims, jwker);
}

test('I04: a registrar and two clients of a tokendings server, set up by its variables, register, exchange and leave', async (t) => {
  const config = compatConfig({
    AUTH_CLIENT_ID: 'jwker',
    AUTH_CLIENT_JWKS: JSON.stringify({ keys: [publicJwk(jwker)] }),
    AUTH_ACCEPTED_AUDIENCE: 'tokendings',
  });
  const world = await createWorld({
    keys,
    config,
    registry: createMemoryRegistry({ now: () => START }),
    idp: { bind: 'any' },
  });
  t.after(() => world.close());
  const exchange = async (): Promise<Answer> =>
    world.exchange({
      client_assertion: await world.assertion({ claims: { aud: `${ISSUER}/token`, nbf: START } }),
    });
  assert.equal((await exchange()).body['error'], 'invalid_client');
  for (const [name, inbound] of [
    ['web', []],
    ['api', ['dev:fleet:web']],
  ] as const) {
    const { status, text } = await register(world, name, inbound);
    assert.equal(status, 201, text);
  }
  const issued = await exchange();
  assert.equal(issued.status, 200, issued.text);
  assert.equal(issued.body['token_type'], 'Bearer');
  const headers = { Authorization: `Bearer ${await bearer()}` };
  assert.equal((await world.send('DELETE', '/registration/client/dev%3Afleet%3Aapi', { headers })).status, 204);
  const gone = await exchange();
  assert.deepEqual([gone.status, gone.body['error']], [400, 'invalid_request']);
});

test('L6: the figures of a tokendings server are there under compat, and not one of their names without it', async () => {
  for (const compat of ['none', 'tokendings'] as const) {
    const observer = createObserver({ now: () => START, level: 'error' });
    const emit = observer.emitter('exchange', exchangeEventsFor({ compat }));
    emit({ event: 'exchange.legacy_issued', client_id: 'a', audience: 'b' });
    const text = await observer.metrics();
    const count = text.split('\n').filter((line) => /^# TYPE (tokendings|ktor)_/.test(line)).length;
    assert.equal(count, compat === 'none' ? 0 : 6);
    assert.equal(
      text.includes('tokendings_tokens_issued_total{client_id="a",audience="b"} 1'),
      compat === 'tokendings',
    );
    await observer.close();
  }
});
