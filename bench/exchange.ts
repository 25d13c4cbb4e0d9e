// What does a token exchange cost? Processor time of the server for one request beside that of its cryptography alone, measured in
// the same run, and beside oidc-provider's; then what many clients, much load and a start do to it. Everything is on this machine:
// the server in processes of its own, keys and requests made beforehand.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareVariants, compareWithPeer } from './exchange/comparison.ts';
import { FULL, QUICK } from './exchange/effort.ts';
import { measureOverload, measureSteady } from './exchange/pressure.ts';
import { residentMebibytes } from './shared/processes.ts';
import { compareRegistries } from './exchange/registries.ts';
import { printFigures } from './shared/report.ts';
import type { Figure } from './shared/report.ts';
import { createRequestMaker } from './exchange/requests.ts';
import { startHelper, startOurs } from './exchange/servers.ts';
import type { BenchServer } from './shared/servers.ts';
import { measureStart } from './exchange/start.ts';
import { prepareFolder } from './exchange/store.ts';
import { CLIENTS, makeKeys } from './exchange/world.ts';
import type { Mix } from './exchange/world.ts';

const RS256: Mix = { client: 'RS256', output: 'RS256' };
const ES256: Mix = { client: 'RS256', output: 'ES256' };
const OTHERS: readonly Mix[] = [
  { client: 'RS256', output: 'EdDSA' },
  { client: 'ES256', output: 'ES256' },
  { client: 'EdDSA', output: 'EdDSA' },
];

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const effort = process.argv.includes('--quick') ? QUICK : FULL;
const folder = await mkdtemp(join(tmpdir(), 'fullmakt-bench-'));
const running: BenchServer[] = [];
const open = async (starting: Promise<BenchServer>): Promise<BenchServer> => {
  const server = await starting;
  running.push(server);
  return server;
};
const closeAll = async (): Promise<void> => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
};
try {
  printFigures('exchange', await run());
} finally {
  await closeAll();
  await rm(folder, { recursive: true, force: true });
}

async function run(): Promise<readonly Figure[]> {
  const keys = await makeKeys();
  const maker = await createRequestMaker(keys);
  const prepare = (name: string): Promise<string> => prepareFolder(join(folder, name), keys, { callers: CLIENTS });
  const common = { keys, maker, ...effort };
  const dir = await prepare('one');
  const ours = await open(startOurs({ dir, keys }));
  const [peer, constant] = [await open(startHelper('peer', keys)), await open(startHelper('constant', keys))];
  const { figures: compared, saturation } = await compareWithPeer([RS256, ES256], { ...common, ours, peer, constant });
  const figures: Figure[] = [...compared];
  figures.push({
    figure: 'RSS MiB with 1,000 clients, after the load',
    ours: residentMebibytes(ours.pid),
    target: 150,
    better: 'lower',
  });
  const others = { ...common, mixes: OTHERS, rounds: effort.fewRounds };
  figures.push(...(await compareVariants('Other algorithms', { ours }, others)));
  const pressure = { server: ours, maker, mix: RS256, saturation, ...effort.pressure };
  figures.push(...(await measureSteady(pressure)), ...(await measureOverload(pressure)));
  await closeAll();
  const variants = {
    'replay off': await open(startOurs({ dir: await prepare('off'), keys, env: { FULLMAKT_EXCHANGE_REPLAY: 'off' } })),
    'replay embedded': await open(startOurs({ dir, keys })),
    '2 processes': await open(startOurs({ dir: await prepare('two'), keys, workers: 2 })),
  };
  const varied = { ...common, mixes: [RS256, ES256], rounds: effort.fewRounds };
  figures.push(...(await compareVariants('Replay store off and on, one process and two', variants, varied)));
  await closeAll();
  figures.push(...(await compareRegistries({ ...common, mix: ES256, folder, open })));
  await closeAll();
  figures.push(...(await measureStart({ dir, keys }, { maker, mix: RS256, rounds: effort.fewRounds })));
  return figures;
}
