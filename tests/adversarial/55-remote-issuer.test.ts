import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createTestKeys, createWorld } from '../../src/exchange/testing/world.ts';
import { create } from '../../src/sdk/index.ts';
import { makeKeys, startSidecar } from '../../src/sidecar/testing/sidecar.ts';
import { assertLoopback } from '../loopback.ts';
import { token } from './55-issuer.ts';
import { openTrap } from './verifiers.ts';

const keys = await makeKeys();
const exchangeKeys = await createTestKeys();
const NOW = 1_795_305_600;

/** An issuer out there, which this process only believes to speak to: its document names keys on this machine. */
function remoteIssuer(t: TestContext, jwksUri: string): { readonly origin: string; readonly wellKnown: string } {
  const origin = 'https://op.example.test';
  const real = globalThis.fetch;
  t.mock.method(globalThis, 'fetch', (input: string, init?: RequestInit) => {
    if (input.startsWith(origin)) return Promise.resolve(Response.json({ issuer: origin, jwks_uri: jwksUri }));
    assertLoopback(new URL(input).hostname);
    return real(input, init);
  });
  return { origin, wellKnown: `${origin}/.well-known/openid-configuration` };
}

const REMOTE: Readonly<Record<string, (t: TestContext, issuer: ReturnType<typeof remoteIssuer>) => Promise<void>>> = {
  async exchange(t, { origin, wellKnown }) {
    const world = await createWorld({ keys: exchangeKeys, idp: { issuer: origin, jwksUri: undefined, wellKnown } });
    t.after(() => world.close());
    const subject_token = token(exchangeKeys.idp, { iss: origin, client_id: 'login-client' }, NOW);
    assert.notEqual((await world.exchange({ subject_token })).status, 200);
  },
  async sidecar(t, { origin, wellKnown }) {
    const sidecar = await startSidecar(t, {
      BIND_ADDRESS: '127.0.0.1:0',
      TOKEN_X_ENABLED: 'true',
      TOKEN_X_CLIENT_ID: 'local:fleet:api',
      TOKEN_X_PRIVATE_JWK: JSON.stringify(keys.client),
      TOKEN_X_ISSUER: origin,
      TOKEN_X_WELL_KNOWN_URL: wellKnown,
    });
    const asked = {
      identity_provider: 'tokenx',
      token: token(keys.issuerJwk, { iss: origin, aud: 'local:fleet:api' }, NOW),
    };
    assert.equal((await sidecar.post('/introspect', asked)).status, 500);
  },
  async SDK(t, { origin, wellKnown }) {
    const auth = create(
      [{ provider: 'oidc:mine', issuer: origin, keys: { wellKnownUrl: wellKnown }, audience: ['me'] }],
      {
        env: {},
        clock: () => NOW,
      },
    );
    t.after(() => auth.close());
    assert.equal((await auth.validate(token(keys.issuerJwk, { iss: origin, aud: 'me' }, NOW))).ok, false);
  },
};

for (const [name, ask] of Object.entries(REMOTE)) {
  test(`T55 the document of an issuer out there cannot lead to this machine: ${name}`, async (t) => {
    const trap = await openTrap(t);
    for (const host of ['127.0.0.1', 'localhost', '127.1', '[::ffff:127.0.0.1]']) {
      await ask(t, remoteIssuer(t, `${trap.origin.replace('127.0.0.1', host)}/jwks`));
      t.mock.restoreAll();
    }
    assert.equal(trap.connections(), 0);
  });
}
