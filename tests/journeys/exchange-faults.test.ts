import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { idportenRegistration } from '../../src/idp/testing/registrations.ts';
import { silent } from '../../src/observe/events.ts';
import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import { readSettings } from '../../src/settings.ts';
import { createSidecar } from '../../src/sidecar/app.ts';
import { sidecarSettings } from '../../src/sidecar/config.ts';
import { startExchange } from '../strangers/exchange.ts';
import type { Exchange } from '../strangers/exchange.ts';
import { run, startProviders } from '../strangers/providers.ts';
import type { Providers } from '../strangers/providers.ts';
import { app, client, grant, rows, tokenxClient } from '../strangers/rows.ts';

/* What an application gets from its sidecar and TokenX for a user token of ID-porten that is wrong. */

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;
/** The client at ID-porten that citizens sign in to. */
const CITIZENS = 'front-id';
const clock = { now: 1_800_000_000 };
const now = (): number => clock.now;
const asked: string[] = [];
let providers: Providers;
let exchange: Exchange;
let sidecar: string;
let stop: () => Promise<void>;

before(async () => {
  const jwk = await generatePrivateJwk('RS256', 'client-key');
  const keys = [publicJwk(jwk)];
  const clients = [
    client('front', CITIZENS, { keys, registration: idportenRegistration() }),
    tokenxClient('front', keys),
    tokenxClient('back', keys),
  ];
  providers = await startProviders(rows(clients, { grants: [grant('front', 'back')] }), ['idporten'], { now });
  const { registry, issuers } = providers;
  const fetch = (url: string, init?: RequestInit): Promise<Response> => {
    asked.push(new URL(url).pathname);
    return providers.fetch(url, init);
  };
  const wellKnown = `${issuers.idporten}/.well-known/openid-configuration`;
  const trusted = { name: 'idporten', wellKnown, bind: { clientId: '@registry' }, map: 'idporten-acr' };
  exchange = await startExchange({ registry, fetch, now, issuers: [trusted] });
  const read = readSettings(sidecarSettings, {
    BIND_ADDRESS: '127.0.0.1:0',
    FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'true',
    TOKEN_X_ENABLED: 'true',
    TOKEN_X_CLIENT_ID: app('front'),
    TOKEN_X_PRIVATE_JWK: JSON.stringify(jwk),
    TOKEN_X_WELL_KNOWN_URL: `${exchange.issuer}/.well-known/oauth-authorization-server`,
  });
  assert.ok(read.ok);
  const program = await createSidecar(read.settings, { fetch: providers.fetch, now, emit: silent });
  const running = await run(program);
  sidecar = running.listeners[0]?.origin ?? '';
  stop = running.stop;
});

after(async () => {
  await stop?.();
  await exchange?.close();
  await providers?.close();
});

beforeEach(async () => {
  await providers.control('DELETE', '/v1/faults');
  clock.now += MINUTE;
  asked.length = 0;
});

/** A citizen's token, made to order. */
async function userToken(fault?: string): Promise<string> {
  const person = { sub: 'a-citizen', pid: '01819090285', acr: 'idporten-loa-high' };
  const claims = { ...person, client_id: CITIZENS, aud: 'https://front.example.test' };
  const answer = await providers.control('POST', '/v1/idporten/mint', { kind: 'access', claims, fault });
  // oxlint-disable-next-line typescript/consistent-type-assertions -- the documented answer of the control API
  const { token } = (await answer.json()) as { token: string };
  assert.equal(answer.status, 200);
  return token;
}

async function exchanged(token: string): Promise<{ status: number; error: unknown; token: unknown; said: unknown }> {
  const response = await fetch(`${sidecar}/api/v1/token/exchange`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ identity_provider: 'tokenx', target: app('back'), user_token: token }),
  });
  // oxlint-disable-next-line typescript/consistent-type-assertions -- answers of the sidecar are objects
  const body = (await response.json()) as Record<string, unknown>;
  return {
    status: response.status,
    error: body['error'],
    said: body['error_description'],
    token: body['access_token'],
  };
}

describe('a user token of ID-porten on its way through sidecar and TokenX', () => {
  test('as it should be: a token for the next service', async () => {
    const { status, token, said } = await exchanged(await userToken());
    assert.equal(status, 200, String(said));
    assert.equal(typeof token, 'string');
  });

  for (const fault of ['bad-sig', 'alg-none', 'skew', 'skew:-600', 'unpublished-key']) {
    test(`${fault}: refused, and no token`, async () => {
      const { status, error, token } = await exchanged(await userToken(fault));
      assert.deepEqual([status, error], [400, 'invalid_request']);
      assert.equal(token, undefined);
    });
  }

  test('rotated-keys: exchanged, by asking for the key document once more', async () => {
    // A key document that is too old is fetched before the answer; one that is only old, behind it, some time after.
    clock.now += DAY;
    assert.equal((await exchanged(await userToken())).status, 200);
    clock.now += MINUTE;
    asked.length = 0;
    const { status, said } = await exchanged(await userToken('rotated-keys'));
    assert.equal(status, 200, String(said));
    assert.equal(asked.filter((path) => path === '/jwks.json').length, 1);
  });

  test('no-kid: exchanged, for one of the published keys made the signature (tokenx J2)', async () => {
    assert.equal((await exchanged(await userToken('no-kid'))).status, 200);
  });

  for (const fault of ['html-500', 'reset', 'half-body']) {
    test(`rotated-keys, ${fault} at the key document: what TokenX cannot judge it does not exchange`, async () => {
      const order = { persona: 'idporten', endpoint: 'jwks', fault, times: 0 };
      assert.equal((await providers.control('POST', '/v1/faults', order)).status, 201);
      const { status, token } = await exchanged(await userToken('rotated-keys'));
      assert.ok(status >= 400, `answered ${status}`);
      assert.equal(token, undefined);
    });
  }
});
