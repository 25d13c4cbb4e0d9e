import assert from 'node:assert/strict';
import test from 'node:test';
import { CLAIMS, ENV, makeKeys, mint, START } from '../testing/fixtures.ts';
import { fromEnv } from '../index.ts';

const keys = await makeKeys();
const DISCOVERED = {
  ...ENV,
  TOKEN_X_JWKS_URI: '',
  TOKEN_X_WELL_KNOWN_URL: `${ENV['TOKEN_X_ISSUER']}/.well-known/oauth-authorization-server`,
};

/** A provider that never answers; resolves with what was asked once everyone has left. */
function hanging(): {
  readonly fetch: typeof globalThis.fetch;
  readonly left: Set<string>;
  readonly asked: Set<string>;
} {
  const [left, asked] = [new Set<string>(), new Set<string>()];
  const fetch: typeof globalThis.fetch = (input, init) =>
    new Promise((_resolve, reject) => {
      const { url } = new Request(input);
      asked.add(url);
      init?.signal?.addEventListener('abort', () => {
        left.add(url);
        reject(init.signal?.reason);
      });
    });
  return { fetch, left, asked };
}

test('close ends what is on its way, keys and metadata alike, and everyone who waits is answered (1)', async () => {
  for (const env of [ENV, DISCOVERED]) {
    const { fetch, left, asked } = hanging();
    const auth = fromEnv({ env, fetch, clock: () => START });
    const token = await mint(CLAIMS['tokenx-user'], keys.issuer);
    const waiting = [auth.validate(token), auth.validate(token)];
    const ready = auth.ready();
    while (asked.size === 0) await Promise.resolve();
    const closed = performance.now();
    auth.close();
    for (const outcome of await Promise.all(waiting))
      assert.equal(!outcome.ok && outcome.error.code, 'keys_unavailable');
    assert.ok((await ready).every(({ ok }) => !ok));
    assert.ok(performance.now() - closed < 4000, 'nobody waits for a provider that is asked no more');
    assert.deepEqual([...left].toSorted(), [...asked].toSorted());
    const after = await auth.validate(token);
    assert.equal(!after.ok && after.error.code, 'keys_unavailable');
  }
});
