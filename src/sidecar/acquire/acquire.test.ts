import assert from 'node:assert/strict';
import test from 'node:test';
import { generatePrivateJwk, importSigningKey } from '../../oauth/jwk.ts';
import { createTokenCache } from '../../oauth/tokens/token-cache.ts';
import { machineForm, machineQuestion } from './acquire.ts';
import { createProvider } from '../provider/provider.ts';
import { START } from '../testing/sidecar.ts';
import { providerParts } from '../testing/provider-parts.ts';

const key = importSigningKey(await generatePrivateJwk('ES256', 'client-key'));

const now = (): number => START;

test('L2: 200 concurrent misses on one key make one call; a failure reaches all of them and is gone', async (t) => {
  const cache = createTokenCache<string>({ now, maxEntries: 10, maxBytes: 10_000 });
  t.after(() => {
    cache.close();
  });
  let calls = 0;
  let answer = { status: 400, body: '{"error":"invalid_scope"}' };
  const provider = createProvider(
    {
      name: 'entra_id',
      issuer: 'https://op.example',
      endpoints: { jwksUri: 'https://op.example/jwks', tokenEndpoint: 'https://op.example/token' },
      audience: ['me'],
      algorithms: ['RS256'],
      client: { clientId: 'me', key },
    },
    providerParts(async () => {
      calls += 1;
      return new Response(answer.body, { status: answer.status });
    }, now),
  );
  const request = {
    provider: 'entra_id',
    target: 'a:b:c',
    resource: undefined,
    authorizationDetails: undefined,
    skipCache: false,
  };
  const form = machineForm(provider, request, now);
  assert.ok(form !== undefined);
  const all = (): Promise<PromiseSettledResult<unknown>[]> =>
    Promise.allSettled(
      Array.from({ length: 200 }, () =>
        cache.ask(machineQuestion(provider, request, { form, context: { cache, now } })),
      ),
    );
  assert.ok((await all()).every(({ status }) => status === 'rejected'));
  assert.equal(calls, 1);
  answer = { status: 200, body: '{"access_token":"x","token_type":"Bearer","expires_in":600}' };
  assert.ok((await all()).every(({ status }) => status === 'fulfilled'));
  assert.equal(calls, 2);
});
