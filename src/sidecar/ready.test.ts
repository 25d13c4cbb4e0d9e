import assert from 'node:assert/strict';
import test from 'node:test';
import { generatePrivateJwk, importSigningKey, publicJwk } from '../oauth/jwk.ts';
import { HOUR, MINUTE } from '../oauth/time.ts';
import { createProvider } from './provider/provider.ts';
import { handleReady } from './ready.ts';
import type { ProviderSettings } from '../providers/provider-settings.ts';
import type { Provider } from './provider/provider.ts';
import { providerParts } from './testing/provider-parts.ts';

const START = 1_800_000_000;
const jwk = await generatePrivateJwk('ES256', 'k');
const key = publicJwk(jwk);
const WELL_KNOWN = 'https://tokenx.example/.well-known/oauth-authorization-server';

const DISCOVERED: ProviderSettings = {
  name: 'tokenx',
  issuer: 'https://tokenx.example',
  endpoints: { wellKnownUrl: WELL_KNOWN },
  audience: ['me'],
  algorithms: ['ES256'],
  client: { clientId: 'me', key: importSigningKey(jwk) },
};

async function look(provider: Provider): Promise<{ status: number; row: Record<string, unknown> }> {
  const { status, body } = await handleReady([provider], () => START);
  const { providers } = JSON.parse(String(body)) as { providers: Record<string, Record<string, unknown>> };
  return { status, row: providers['tokenx'] ?? {} };
}

test('readiness tells never, fresh, stale and expired keys apart, and only usable ones are ready (3.9)', async (t) => {
  const clock = { now: START };
  const net = { up: false };
  const provider = createProvider(
    {
      name: 'tokenx',
      issuer: 'https://tokenx.example',
      endpoints: { jwksUri: 'https://tokenx.example/jwks' },
      audience: ['me'],
      algorithms: ['ES256'],
      client: undefined,
    },
    providerParts(
      async () => (net.up ? Response.json({ keys: [key] }) : new Response('', { status: 404 })),
      () => clock.now,
    ),
  );
  t.after(() => {
    provider.keySet.close();
  });
  const stateNow = async (): Promise<unknown[]> => {
    const { status, body } = await handleReady([provider], () => clock.now);
    const { providers } = JSON.parse(String(body)) as { providers: Record<string, { keys: { state: string } }> };
    return [status, providers['tokenx']?.keys.state];
  };
  assert.deepEqual(await stateNow(), [503, 'never']);
  net.up = true;
  clock.now += MINUTE;
  assert.deepEqual(await stateNow(), [200, 'fresh']);
  net.up = false;
  clock.now += HOUR;
  assert.deepEqual(await stateNow(), [200, 'stale']);
  clock.now += 24 * HOUR;
  assert.deepEqual(await stateNow(), [503, 'expired']);
});

test('a row says where metadata, keys, endpoint and credential stand, and what went wrong last (3.9)', async (t) => {
  const clock = { now: START };
  const net = { metadata: 404, issuer: 'https://tokenx.example' };
  const provider = createProvider(
    DISCOVERED,
    providerParts(
      async (url) => {
        if (url !== WELL_KNOWN) return Response.json({ keys: [key, { kty: 'RSA', kid: 'bad' }] });
        const { issuer } = net;
        return Response.json(
          { issuer, jwks_uri: `${issuer}/jwks`, token_endpoint: `${issuer}/token` },
          { status: net.metadata },
        );
      },
      () => clock.now,
    ),
  );
  t.after(() => {
    provider.keySet.close();
  });
  const credential = { kid: 'k', loaded: new Date(START * 1000).toISOString() };
  assert.deepEqual(await look(provider), {
    status: 503,
    row: {
      metadata: 'missing',
      keys: { state: 'never', usable: 0, skipped: 0 },
      token_endpoint: 'unknown',
      credential,
      last_error: 'metadata_status_404',
    },
  });
  assert.equal((await look(provider)).row['last_error'], 'metadata_status_404');
  net.metadata = 200;
  net.issuer = 'https://other.example';
  clock.now += MINUTE;
  assert.equal((await look(provider)).row['last_error'], 'metadata_it_speaks_for_another_issuer');
  net.issuer = 'https://tokenx.example';
  clock.now += MINUTE;
  const { status, body } = await handleReady([provider], () => clock.now, { reload: { outcome: 'none' } });
  assert.equal(status, 200);
  assert.deepEqual(JSON.parse(String(body)), {
    ready: true,
    providers: {
      tokenx: {
        metadata: 'loaded',
        keys: { state: 'fresh', age: 0, usable: 1, skipped: 1 },
        token_endpoint: 'unknown',
        credential,
      },
    },
    reload: { outcome: 'none' },
  });
});

test('a provider that hangs does not keep the answer, and however many ask it is asked once (3.9)', async (t) => {
  let fetches = 0;
  const { promise: never } = Promise.withResolvers<Response>();
  const provider = createProvider(
    DISCOVERED,
    providerParts(
      () => {
        fetches += 1;
        return never;
      },
      () => START,
    ),
  );
  t.after(() => {
    provider.keySet.close();
  });
  const started = performance.now();
  const looks = await Promise.all(Array.from({ length: 100 }, () => look(provider)));
  assert.ok(performance.now() - started < 8000, 'the fetch itself is given up after ten seconds');
  assert.deepEqual(new Set(looks.map(({ status }) => status)), new Set([503]));
  assert.equal(looks[0]?.row['last_error'], 'metadata_pending');
  assert.equal(fetches, 1);
});
