import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { isFull } from '../adversarial/scale.ts';
import { startExchangeProcess } from '../servers/exchange-process.ts';
import type { ExchangeProcess } from '../servers/exchange-process.ts';
import { ISSUER } from '../servers/fleet.ts';
import { noPostgres, startPostgres } from '../servers/postgres.ts';
import { countAnswers, keySetAt, startLoad } from './exchange-load.ts';
import { installOnPostgres, isReady } from './exchange-replicas.ts';
import { until } from '../until.ts';

const MAX_AGE_SECONDS = 1;
const ROTATING = {
  FULLMAKT_EXCHANGE_KEYS_MAX_AGE: String(MAX_AGE_SECONDS),
  FULLMAKT_EXCHANGE_KEYS_STAGED_FOR: '2',
  FULLMAKT_EXCHANGE_KEYS_ACTIVE_FOR: '2',
};
const KEYS = isFull ? 40 : 4;
const postgres = noPostgres === false ? await startPostgres() : undefined;
after(() => postgres?.close());

async function database(): Promise<string> {
  return (await postgres?.database()) ?? '';
}

/** A resource server that keeps the key set as long as it may, and asks for no other meanwhile. */
function createVerifier(origin: string): (token: string) => Promise<unknown> {
  let set: Awaited<ReturnType<typeof keySetAt>> | undefined;
  let fetchedAt = Number.NEGATIVE_INFINITY;
  return async (token) => {
    if (set === undefined || performance.now() - fetchedAt >= MAX_AGE_SECONDS * 1000) {
      const askedAt = performance.now();
      set = await keySetAt(origin);
      fetchedAt = askedAt;
    }
    return jwtVerify(token, set, { issuer: ISSUER, audience: 'dev:fleet:api' });
  };
}

test('N17, B10: two servers rotate under load while resource servers keep the key set as long as it lasts: no token is refused', {
  skip: noPostgres,
}, async (t) => {
  const installation = await installOnPostgres(t, await database(), ROTATING);
  const origins = (await installation.startAll(2)).map(({ origin }) => origin);
  const load = startLoad({ t, fleet: installation.fleet, origins: () => origins, pauseMs: 30 });
  const verifiers = [...origins, ...origins].map(createVerifier);
  const refused: string[] = [];
  const kids = new Set<unknown>();
  let judged = 0;
  const judge = async (token: string): Promise<void> => {
    for (const verify of verifiers) {
      await verify(token).catch((error: unknown) =>
        refused.push(`${decodeProtectedHeader(token).kid}: ${String(error)}`),
      );
    }
  };
  // Each at once, when a key is newest, and with it one of a while ago, whose key may be gone.
  for (let seen = 0; kids.size < KEYS; seen = load.answers.length) {
    await until(() => load.answers.length > seen, `${kids.size} keys`);
    for (const { token } of load.answers.slice(seen)) {
      if (token === undefined) continue;
      kids.add(decodeProtectedHeader(token).kid);
      judged += 1;
      await judge(token);
    }
    const tokens = load.answers.slice(-1000).flatMap(({ token }) => token ?? []);
    await judge(tokens[Math.floor(Math.random() * tokens.length)] ?? '');
  }
  await load.stop();
  t.diagnostic(JSON.stringify({ judged, keys: kids.size, ...countAnswers(load.answers) }));
  assert.deepEqual(refused, []);
  assert.deepEqual(load.wrong, []);
  assert.deepEqual(load.failed, []);
});

async function kidsOf({ origin }: ExchangeProcess): Promise<readonly string[]> {
  const { keys } = Object(await (await fetch(`${origin}/jwks`)).json());
  return keys.map(({ kid }: { readonly kid: string }) => kid).toSorted();
}

test('N18, G3: a server whose clock is five minutes off is not ready; the others rotate in step, and it follows them', {
  skip: noPostgres,
}, async (t: TestContext) => {
  const url = await database();
  const { fleet } = await installOnPostgres(t, url);
  const common = { registry: url, replay: url, kek: '07'.repeat(32), settings: { ...fleet.settings, ...ROTATING } };
  const began = performance.now();
  const servers = await Promise.all(
    [0, 0, 300].map(async (clockAheadSeconds) => {
      const server = await startExchangeProcess({ ...common, clockAheadSeconds });
      t.after(() => server.kill());
      return server;
    }),
  );
  const [one, other, off] = servers;
  assert.ok(one !== undefined && other !== undefined && off !== undefined);
  for (const { origin } of [one, other]) await until(() => isReady(origin));
  assert.equal(await isReady(off.origin), false);
  const seen = new Set<string>();
  await until(async () => {
    for (const server of servers) for (const kid of await kidsOf(server)) seen.add(kid);
    return seen.size >= 4;
  });
  const seconds = (performance.now() - began) / 1000;
  // One goes active at most every two seconds, and one is staged ahead.
  assert.ok(seen.size <= seconds / 2 + 3, `${seen.size} keys in ${seconds} s`);
  await until(async () => {
    const [first, ...rest] = await Promise.all(servers.map(kidsOf));
    return rest.every((kids) => kids.join() === first?.join());
  });
  await until(async () => (await fleet.exchange(one.origin)).status === 200);
  assert.equal(await isReady(off.origin), false);
  assert.equal(await isReady(one.origin), true);
});
