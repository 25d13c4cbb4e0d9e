// What does it cost to have one's tokens handed out? Processor time of the sidecar for what it has in its caches, beside a bare server
// that sends the same bytes; then its start, the moments at which tokens run out, many misses at once, a flood of unknown key ids, and
// what is too large. Texas is measured beside it if FULLMAKT_BENCH_TEXAS names its program. Everything is on this machine: applications, providers and servers in processes of their own.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildCommand } from '../scripts/build/command.ts';
import { printFigures } from './shared/report.ts';
import type { Figure } from './shared/report.ts';
import type { BenchServer } from './shared/servers.ts';
import { asForm, asJson, machineFields } from './sidecar/asking.ts';
import { measureCache, measureRefusals } from './sidecar/bounds.ts';
import { FULL, QUICK } from './sidecar/effort.ts';
import { measureFlood } from './sidecar/flood.ts';
import { startLoad } from './sidecar/load.ts';
import { lookAt } from './sidecar/look.ts';
import { measureExpiry, measureMisses } from './sidecar/moments.ts';
import { startProvider } from './sidecar/provider.ts';
import type { BenchProvider } from './sidecar/provider.ts';
import { compareWithBare } from './sidecar/rounds.ts';
import type { Kind } from './sidecar/rounds.ts';
import { SOURCE, startBare, startOurs } from './sidecar/servers.ts';
import type { OursOptions } from './sidecar/servers.ts';
import { measureStart } from './sidecar/start.ts';
import { findTexas, startTexas } from './sidecar/texas.ts';
import { environment, ISSUER_PATH, makeKeys, makeToken } from './sidecar/world.ts';
import type { BenchKeys } from './sidecar/world.ts';

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const effort = process.argv.includes('--quick') ? QUICK : FULL;
const folder = await mkdtemp(join(tmpdir(), 'fullmakt-bench-'));
const closing: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })];
const [load, flooders] = [startLoad(), startLoad()];
closing.push(() => Promise.all([load.close(), flooders.close()]));
try {
  const keys = await makeKeys();
  const provider = await startProvider(keys);
  closing.push(() => provider.stop());
  printFigures('sidecar', await run(keys, provider));
} finally {
  // oxlint-disable-next-line no-await-in-loop -- the last one first
  for (const close of closing.toReversed()) await close();
}

async function open<T extends BenchServer>(starting: Promise<T>): Promise<T> {
  const server = await starting;
  closing.push(() => server.stop());
  return server;
}

async function run(keys: BenchKeys, provider: BenchProvider): Promise<readonly Figure[]> {
  const shipped = await build(keys, provider);
  const sources = { ...shipped, main: SOURCE };
  const token = await makeToken(keys, provider.origin + ISSUER_PATH);
  const ours = await open(startOurs(shipped));
  const kinds = kindsOf(token);
  const bare = await open(bareLike(ours, kinds));
  const other = findTexas(shipped.env);
  const texas = other && (await open(startTexas(other)));
  const figures: Figure[] = [...(await compareWithBare(kinds, { servers: { bare, ours, texas }, load, ...effort }))];
  await texas?.stop();
  figures.push(...(await measureFlood(ours, { load, flooders, provider, token, effort })));
  figures.push(...(await measureMisses(ours, { load, provider })), ...(await measureRefusals({ ours, bare }, load)));
  const without = await open(
    startOurs({ ...shipped, env: { ...shipped.env, FULLMAKT_SIDECAR_REFRESH_AHEAD: 'false' } }),
  );
  const seconds = effort.expirySeconds;
  figures.push(...(await measureExpiry({ ours, without }, { load, provider, seconds })));
  await Promise.all([ours.stop(), without.stop()]);
  figures.push(...(await measureStart({ shipped, sources, texas: other }, effort.starts)));
  figures.push(...(await measureCache()));
  return figures;
}

/** The command in the form that ships, ready to be started with all four providers. */
async function build(keys: BenchKeys, { origin }: BenchProvider): Promise<OursOptions> {
  const place = join(folder, 'command');
  await buildCommand('0.0.0', place);
  return { main: join(place, 'main.js'), env: environment(origin, keys), log: join(folder, 'log.jsonl') };
}

/** What is in the caches after the first time. */
function kindsOf(token: string): Readonly<Record<string, Kind>> {
  const machine = machineFields('api://cached/.default');
  const exchange = { identity_provider: 'tokenx', target: 'local:fleet:register', user_token: token };
  return {
    'cached token, JSON': { asking: asJson('/api/v1/token', machine), barePath: '/token', isJudged: true },
    'cached token, form': { asking: asForm('/api/v1/token', machine), barePath: '/token', isJudged: true },
    'cached introspection': {
      asking: asJson('/api/v1/introspect', { identity_provider: 'tokenx', token }),
      barePath: '/introspect',
      isJudged: true,
    },
    'cached exchange': { asking: asJson('/api/v1/token/exchange', exchange), barePath: '/exchange', isJudged: false },
  };
}

/** A bare server that sends what ours sends. */
async function bareLike(ours: BenchServer, kinds: Readonly<Record<string, Kind>>): Promise<BenchServer> {
  const seen = await Promise.all(
    Object.values(kinds).map(async ({ asking, barePath }) => [barePath, await lookAt(ours.port, asking)] as const),
  );
  return startBare(Object.fromEntries(seen));
}
