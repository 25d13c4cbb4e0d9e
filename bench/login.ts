// What does it cost to stand between a browser and its application? Processor time of the proxy for one authenticated request, beside
// a bare pass-through and other products that do the same work, all in one run before the same application; then what comes of crowds,
// of sessions that run out together, and of a store that goes away. Browsers, application and every proxy have processes of their own.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from '../tests/servers/redis.ts';
import type { TestRedis } from '../tests/servers/redis.ts';
import { hasApache, startModAuthOpenidc } from './login/apache.ts';
import { logInAtApache } from './login/apache-logins.ts';
import { BARE, compareProxies, EXPRESS, OURS, OURS_PUBLIC } from './login/comparison.ts';
import { startCrowd } from './login/crowd.ts';
import { FULL, QUICK } from './login/effort.ts';
import { startOurs } from './login/ours.ts';
import { hasNginx, startNginx } from './login/nginx.ts';
import { startProvider } from './login/provider.ts';
import type { BenchProvider } from './login/provider.ts';
import type { Side } from './login/rounds.ts';
import { seedExpress, seedOurs } from './login/sessions.ts';
import { countStoreOperations } from './login/store-operations.ts';
import { DUE, measureHeld, measureOutage, measureStorm } from './login/troubles.ts';
import { HOST, pathWithToken, PUBLIC } from './login/world.ts';
import { printFigures } from './shared/report.ts';
import type { Figure } from './shared/report.ts';
import { serverOf } from './shared/servers.ts';
import type { BenchServer } from './shared/servers.ts';

const NGINX = 'nginx proxy_pass';
const APACHE = 'mod_auth_openidc';

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const effort = process.argv.includes('--quick') ? QUICK : FULL;
const folder = await mkdtemp(join(tmpdir(), 'fullmakt-bench-'));
const closing: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })];
const crowd = startCrowd();
try {
  const redis = await startRedis();
  closing.push(() => redis.close());
  const provider = await startProvider();
  closing.push(() => provider.close());
  printFigures('login', await run(redis, provider));
} finally {
  // oxlint-disable-next-line no-await-in-loop -- the last one first
  for (const close of closing.toReversed()) await close();
  await crowd.close();
}

async function open(starting: Promise<BenchServer>): Promise<BenchServer> {
  const server = await starting;
  closing.push(() => server.stop());
  return server;
}

/** A server of the benchmark's own, in the file of that name. */
async function startHelper(name: 'app' | 'plain' | 'express', told: object): Promise<BenchServer> {
  const child = fork(join(import.meta.dirname, 'login', `${name}.ts`));
  child.send(told);
  const [{ port }] = await once(child, 'message');
  return serverOf(child, Number(port));
}

async function meet(name: string, path: string, cookies: readonly string[], host: string = HOST): Promise<void> {
  await crowd.ask({ task: 'meet', name, browsers: { path, host, cookies } });
}

async function run(redis: TestRedis, provider: BenchProvider): Promise<readonly Figure[]> {
  const { port: appPort } = await open(startHelper('app', {}));
  const seeding = { redisUrl: redis.url, provider };
  const common = { appPort, redisUrl: redis.url, provider };
  const ours = await open(startOurs(common));
  const cookies = await seedOurs({ ...seeding, count: effort.sessions });
  await meet(OURS, pathWithToken(), cookies);
  await meet(OURS_PUBLIC, PUBLIC, []);
  const others = await startOthers({ redis, provider, appPort, cookies });
  const { requests } = effort;
  const sides = [
    { name: OURS, server: ours, requests },
    { name: OURS_PUBLIC, server: ours, requests },
    ...others.map(({ server, name }) => ({ name, server, requests: name === NGINX ? 2 * requests : requests })),
  ];
  const figures = [...(await compareProxies(sides, { crowd, ...effort }))];
  await Promise.all(others.map(({ server }) => server.stop()));
  figures.push(...(await countStoreOperations(ours, { redis, crowd, requests })));
  const second = await open(startOurs(common));
  await meet(DUE, pathWithToken(), await seedOurs({ ...seeding, count: effort.stormSessions }, true));
  figures.push(...(await measureStorm([ours, second], { crowd, provider, sessions: effort.stormSessions })));
  await second.stop();
  figures.push(...(await measureHeld(ours, { crowd, ...effort })), ...(await measureOutage(ours, { crowd, redis })));
  return figures;
}

/** The proxies that ours is compared with, as far as they are here. */
async function startOthers({
  redis,
  provider,
  appPort,
  cookies,
}: {
  readonly redis: TestRedis;
  readonly provider: BenchProvider;
  readonly appPort: number;
  readonly cookies: readonly string[];
}): Promise<readonly Pick<Side, 'name' | 'server'>[]> {
  const { issuer, wellKnownUrl } = provider;
  const told = { upstreamPort: appPort, redisUrl: redis.url, issuer };
  const sides = [
    { name: BARE, server: await open(startHelper('plain', told)) },
    { name: EXPRESS, server: await open(startHelper('express', told)) },
  ];
  await meet(EXPRESS, pathWithToken(), await seedExpress({ redisUrl: redis.url, provider, count: effort.sessions }));
  // Cookies that nobody opens are passed on all the same: as many bytes as ours gets.
  await meet(BARE, PUBLIC, cookies);
  if (hasNginx) {
    sides.push({ name: NGINX, server: await open(startNginx(folder, appPort)) });
    await meet(NGINX, PUBLIC, cookies);
  }
  if (hasApache) {
    const server = await open(startModAuthOpenidc({ wellKnownUrl, appPort, redisPort: redis.port }));
    sides.push({ name: APACHE, server });
    const signedIn = await logInAtApache(server.port, effort.apacheSessions);
    // Its sessions are those of one host.
    await meet(APACHE, pathWithToken('/secure/app'), signedIn, `127.0.0.1:${server.port}`);
  }
  return sides;
}
