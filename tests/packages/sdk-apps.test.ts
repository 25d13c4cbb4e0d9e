import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createTestIssuer } from '../../src/sdk/testing.ts';
import { assertProtected } from './protected.ts';
import { install, noOldestNode, packSdk, start } from './scratch.ts';

/* The packed library in applications of its users, on the oldest Node it promises: what they install, compile and run. */

const scratch = install(packSdk());
const issuer = await createTestIssuer({ listen: true });
after(() => issuer.close());

for (const framework of ['express', 'fastify', 'hono', 'node']) {
  test(`an application on ${framework}, written in TypeScript, judges callers and exchanges their token`, {
    skip: noOldestNode,
  }, async (t) => {
    const { origin } = await start(t, [scratch.compile(framework)], { env: { ...issuer.env }, cwd: scratch.folder });
    await assertProtected(origin, issuer);
  });

  test(`the same application on ${framework}, written in JavaScript`, { skip: noOldestNode }, async (t) => {
    const { origin } = await start(t, [scratch.plain(framework)], { env: { ...issuer.env }, cwd: scratch.folder });
    await assertProtected(origin, issuer);
  });
}

test('what it promises holds without any framework, by require as by import, and for a compiler that reads every declaration', {
  skip: noOldestNode,
}, async (t) => {
  const { origin } = await start(t, ['require.cjs'], { env: { ...issuer.env }, cwd: scratch.copied('require.cjs') });
  assert.deepEqual(await (await fetch(origin)).json(), ['fromEnv', 'tokensFromEnv', 'createFetch', 'createTestIssuer']);
  scratch.compile('declarations', { skipLibCheck: false });
});
