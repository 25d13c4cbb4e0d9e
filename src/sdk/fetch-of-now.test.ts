import assert from 'node:assert/strict';
import test from 'node:test';
import { createFetch } from './fetch.ts';
import { fromEnv } from './index.ts';
import { createTestIssuer } from './testing.ts';
import { tokensFromEnv } from './tokens.ts';

test('a global fetch that a test puts in its place later is the one that is asked, for keys, tokens and calls (5)', async (t) => {
  const issuer = await createTestIssuer();
  const auth = fromEnv({ env: issuer.env });
  const tokens = tokensFromEnv({ env: issuer.env });
  t.after(() => {
    auth.close();
    tokens.close();
  });
  const origin = 'https://register.example';
  const target = 'api://test.team.register/.default';
  const call = createFetch(tokens, { origins: [origin], as: 'machine', request: { provider: 'entra_id', target } });
  t.mock.method(globalThis, 'fetch', async (...asked: Parameters<typeof globalThis.fetch>) => {
    return asked[0] === `${origin}/people` ? new Response('mine') : await issuer.fetch(...asked);
  });
  assert.equal((await auth.validate(issuer.mint('tokenx'))).ok, true);
  assert.equal(await (await call(`${origin}/people`, null as never)).text(), 'mine');
});
