import assert from 'node:assert/strict';
import test from 'node:test';
import { codeOf, makeAuth } from './testing/auth.ts';
import { CLAIMS, makeKeys, mint, START } from './testing/fixtures.ts';
import { tokensFromEnv } from './tokens.ts';

const keys = await makeKeys();
const HOUR = 3600;

test('T35 the library judges by a clock up to its leeway off, and not beyond it', async (t) => {
  const { auth, clock } = makeAuth(t, keys);
  const fresh = await mint({ ...CLAIMS.oidc, nbf: START }, keys.issuer);
  const ending = await mint({ ...CLAIMS.oidc, iat: START - 600, exp: START + 1 }, keys.issuer);
  const judged = async (token: string, aheadSeconds: number): Promise<unknown> => {
    clock.now = START + aheadSeconds;
    const outcome = await codeOf(auth, token);
    return typeof outcome === 'string' ? outcome : 'accepted';
  };
  assert.equal(await judged(fresh, -30), 'accepted');
  assert.equal(await judged(fresh, -31), 'token_not_yet_valid');
  assert.equal(await judged(fresh, -120), 'token_not_yet_valid');
  assert.equal(await judged(ending, 30), 'accepted');
  assert.equal(await judged(ending, 31), 'token_expired');
  assert.equal(await judged(ending, 120), 'token_expired');
});

test('T35 in the library a clock that jumps back an hour brings no verdict back, and keeps no key set from its refresh', async (t) => {
  const { auth, clock, net } = makeAuth(t, keys, { verifiedCache: { maxAgeSeconds: 300 } });
  const long = await mint({ ...CLAIMS.oidc, iat: START - 2 * HOUR, exp: START + 2 * HOUR }, keys.issuer);
  const now = await mint(CLAIMS.oidc, keys.issuer);
  for (const token of [long, now]) assert.equal(typeof (await codeOf(auth, token)), 'object');
  clock.now -= HOUR;
  assert.equal(await codeOf(auth, now), 'token_not_yet_valid', 'it was accepted an hour from now');
  assert.equal(typeof (await codeOf(auth, long)), 'object');
  const fetches = net.calls;
  clock.now += 700;
  assert.equal(typeof (await codeOf(auth, long)), 'object');
  assert.equal(net.calls, fetches + 1, 'the set is renewed by the age it has, not by the hour that never passed');
});

test('T35 in the library a clock that jumps back an hour makes no cached token live longer', async (t) => {
  const clock = { now: START };
  let asked = 0;
  const tokens = tokensFromEnv({
    env: { NAIS_TOKEN_ENDPOINT: 'http://127.0.0.1:7164/api/v1/token' },
    clock: () => clock.now,
    fetch: async () => {
      asked += 1;
      return Response.json({ access_token: `t${asked}`, token_type: 'Bearer', expires_in: HOUR });
    },
  });
  t.after(() => {
    tokens.close();
  });
  const ask = { provider: 'entra_id', target: 'a' } as const;
  await tokens.machineOrThrow(ask);
  clock.now -= HOUR;
  const again = await tokens.machineOrThrow(ask);
  assert.ok(again.expiresAt <= clock.now + HOUR, `${again.expiresAt - clock.now} s left of ${HOUR}`);
  clock.now += 60;
  assert.equal((await tokens.machineOrThrow(ask)).fromCache, false, 'a minute is the longest (5.4)');
});
