import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from 'redis';
import { createFaultProxy } from '../fault-proxy.ts';
import type { FaultProxy } from '../fault-proxy.ts';
import { startRedis } from '../servers/redis.ts';
import type { TestRedis } from '../servers/redis.ts';
import { startLoginFleet } from './27-36-fleet.ts';
import type { LoginFleet, Member, Owner } from './27-36-fleet.ts';
import { startLoad } from './31-load.ts';
import type { Sample } from './31-load.ts';
import { createRandom, drawSeed } from './scale.ts';
import { assertInTime } from '../in-time.ts';
import { until } from '../until.ts';

/* Three proxies in processes of their own under load, on a Redis that gets into trouble; judged by the oracle. */

/** Service is back so soon after the store is. */
const BACK_MS = 2000;
/** What is wrong with the store is known so soon. */
const NOTICED_MS = 1000;
/** Answers in a row that say that service is back. */
const CALM = 30;
/** One of so many requests may find the store slower than its 500 ms for no other reason than that the machine is busy: as many as one breaker turns away that opens once. */
const STRAY = 20;
/** An answer takes the store's 500 ms at most, and a machine with two cores some time of its own. */
const BUDGET_MS = 1500;
/** Who needs a new token waits for whoever fetches it, too. */
const REFRESH_MS = 5000;
const MEMBERS = 16;

interface World extends LoginFleet {
  readonly redis: TestRedis;
  readonly way: FaultProxy;
  /** Signed in; the tokens of every other one of them have to be refreshed every second or two. */
  readonly members: readonly Member[];
}

/** One fleet for a whole file, made when it is first asked for. What its Redis acknowledged survives that one's end. */
export function openWorld(file: Owner): () => Promise<World> {
  let opened: Promise<World> | undefined;
  return () => (opened ??= startWorld(file));
}

async function startWorld(file: Owner): Promise<World> {
  const redis = await startRedis('--appendonly', 'yes', '--appendfsync', 'always');
  file.after(() => redis.close());
  const way = await createFaultProxy({ host: '127.0.0.1', port: redis.port });
  file.after(() => way.close());
  const fleet = await startLoginFleet(file, {
    store: `redis://127.0.0.1:${way.port}`,
    env: {
      FULLMAKT_LOGIN_RULES: JSON.stringify([
        { path: '/maybe/**', login: 'optional' },
        { path: '/free/**', login: 'exempt' },
      ]),
    },
  });
  const members: Member[] = [];
  fleet.provider.ways.lifetimes.refresh = 2;
  for (let n = 0; n < MEMBERS; n += 1) {
    fleet.provider.ways.lifetimes.login = isQuiet(n) ? 3600 : 2;
    members.push(await fleet.signIn());
  }
  return { ...fleet, redis, way, members };
}

const isQuiet = (n: number): boolean => n % 2 === 0;

/** A command to the server itself. */
export async function command(redis: TestRedis, ...words: readonly string[]): Promise<void> {
  const client = createClient({ url: redis.url, socket: { reconnectStrategy: false } });
  client.on('error', () => undefined);
  await client.connect();
  await client.sendCommand(words);
  client.destroy();
}

/** What befalls the store, and how it ends. */
interface Trouble {
  readonly begin: () => unknown;
  readonly during?: () => Promise<unknown>;
  readonly end: () => unknown;
}

/** Load before, during and after the trouble; `samples` are those of all of it. */
export async function through(
  world: World,
  trouble: Trouble,
): Promise<{ samples: readonly Sample[]; from: number; to: number; calm: number }> {
  const load = startLoad(world, world.members, createRandom(drawSeed()));
  await pause(500);
  const from = performance.now();
  await trouble.begin();
  await trouble.during?.();
  await trouble.end();
  const to = performance.now();
  await until(() => {
    const last = load.samples.filter(({ begun }) => begun > to).slice(-CALM);
    return last.length === CALM && last.every(({ verdict }) => verdict !== 'unavailable');
  }, 'service again');
  const calm = performance.now();
  assertInTime(calm - to, BACK_MS, 'service');
  await pause(Math.max(0, to + BACK_MS - performance.now()) + 1000);
  await load.stop();
  return { samples: load.samples, from, to, calm };
}

/** What every trouble has to end like: nothing wrong, 503 only while it lasted and soon after, everybody still signed in. */
export async function assertUnharmed(
  world: World,
  { samples, from, to, calm }: Awaited<ReturnType<typeof through>>,
): Promise<void> {
  assert.deepEqual(world.oracle.complaints(), []);
  const away = samples.filter(({ verdict }) => verdict === 'unavailable');
  assert.deepEqual(new Set(away.map(({ status }) => status)), new Set(away.length === 0 ? [] : [503]));
  // A refresh that the store did not let be done pauses for its session, so that many in a row may be well before all are.
  const back = Math.max(calm, to + BACK_MS);
  const stray = away.filter(({ begun, took }) => begun + took < from || begun > back).map(({ begun }) => begun - to);
  assert.ok(stray.length <= samples.length / STRAY, `503 before it, or so many ms after its end: ${stray.join(' ')}`);
  const quiet = new Set(world.members.filter((_, n) => isQuiet(n)));
  for (const { took, member } of samples) {
    assertInTime(took, quiet.has(member) ? BUDGET_MS : REFRESH_MS, 'one');
  }
  for (const member of world.members) {
    for (const replica of world.replicas) assert.equal((await world.served(replica, member)).status, 200);
    assert.equal(world.provider.family(member.person.sub).revoked, false, 'no refresh token was used twice');
  }
}

/** While the store is away: the rows of LO-14, at every proxy. */
export async function assertRows(world: World): Promise<void> {
  const [member = fail()] = world.members;
  await Promise.all(
    world.replicas.map(async (replica) => {
      const browser = (): ReturnType<typeof replica.browser> => replica.browser(member.jar);
      const ready = async (): Promise<number> => (await fetch(`${replica.login.metrics}/readyz`)).status;
      const since = performance.now();
      await until(async () => (await browser().ask('/x')).status === 503, 'no service');
      await until(async () => (await ready()) === 503, 'no readiness');
      assertInTime(performance.now() - since, NOTICED_MS, 'to notice it');
      const rows: readonly (readonly [
        string,
        Promise<{ status: number; headers: object; setCookies: readonly string[] }>,
      ])[] = [
        ['enforced, page', browser().visit('/x')],
        ['enforced, fetch', browser().ask('/x')],
        ['optional with a ticket', browser().visit('/maybe/x')],
        ['session', browser().ask('/oauth2/session')],
        ['refresh', browser().ask('/oauth2/session/refresh', { method: 'POST' })],
      ];
      for (const [said, asked] of rows) {
        const { status, headers, setCookies } = await asked;
        assert.deepEqual([status, Object(headers)['retry-after'], setCookies], [503, '5', []], said);
      }
      const { length } = world.seen;
      assert.equal((await replica.browser().ask('/maybe/x')).status, 200, 'optional without a ticket');
      assert.equal((await browser().ask('/free/x')).status, 200, 'exempt');
      const passed = world.seen.slice(length).filter(({ url }) => /^\/(maybe|free)\//.test(url));
      assert.ok(passed.every(({ authorization }) => authorization === undefined));
      assert.equal((await replica.browser().visit('/x')).status, 302, 'without a ticket nothing has to be asked');
      const frontchannel = `/oauth2/logout/frontchannel?sid=nobody&iss=${encodeURIComponent(world.provider.issuer)}`;
      assert.equal((await replica.browser().ask(frontchannel)).status, 202, 'front-channel logout');
      assert.equal(await ready(), 503, 'readiness');
    }),
  );
}

/** Nothing is there that a test relies on. */
export function fail(): never {
  throw new Error('there is none');
}
