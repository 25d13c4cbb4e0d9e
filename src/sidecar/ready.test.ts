import assert from 'node:assert/strict';
import test from 'node:test';
import { generatePrivateJwk, publicJwk } from '../oauth/jwk.ts';
import { HOUR, MINUTE } from '../oauth/time.ts';
import { createProvider } from './provider.ts';
import { handleReady } from './ready.ts';
import { providerParts } from './testing/provider-parts.ts';

const key = publicJwk(await generatePrivateJwk('ES256', 'k'));

test('readiness tells never, fresh, stale and expired keys apart, and only usable ones are ready (3.9)', async (t) => {
  const clock = { now: 1_800_000_000 };
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
  const look = async (): Promise<unknown[]> => {
    const { status, body } = await handleReady([provider], () => clock.now);
    const { providers } = JSON.parse(String(body)) as { providers: Record<string, { keys: { state: string } }> };
    return [status, providers['tokenx']?.keys.state];
  };
  assert.deepEqual(await look(), [503, 'never']);
  net.up = true;
  clock.now += MINUTE;
  assert.deepEqual(await look(), [200, 'fresh']);
  net.up = false;
  clock.now += HOUR;
  assert.deepEqual(await look(), [200, 'stale']);
  clock.now += 24 * HOUR;
  assert.deepEqual(await look(), [503, 'expired']);
});
