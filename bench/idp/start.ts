import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endChild, startChild } from './child.ts';
import type { Figure } from './report.ts';
import { median, spread } from './report.ts';
import type { BenchKeys } from './world.ts';

const FILE = join(import.meta.dirname, 'ours.ts');
const PERSONAS = ['idporten', 'entra', 'maskinporten'];
const METADATA: Readonly<Record<string, string>> = {
  'ID-porten': '/.well-known/openid-configuration',
  'Entra ID (http)': '/00000000-0000-4000-8000-00000000f001/v2.0/.well-known/openid-configuration',
  Maskinporten: '/.well-known/oauth-authorization-server',
};

/** From the start of the process until all three services have answered with their metadata. */
export async function measureStart({ keys, rounds }: { keys: BenchKeys; rounds: number }): Promise<readonly Figure[]> {
  const first: number[] = [];
  const again: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const stateDir = await mkdtemp(join(tmpdir(), 'fullmakt-bench-start-'));
    first.push(await startOnce({ personas: PERSONAS, stateDir, keys }));
    again.push(await startOnce({ personas: PERSONAS, stateDir, keys }));
    await rm(stateDir, { recursive: true, force: true });
  }
  console.log(
    `\nstart of all three until each has answered: ${spread(again)} ms; the first start ever ${spread(first)} ms`,
  );
  return [
    { figure: 'start ms, keys and CA on disk', ours: median(again), target: 500 },
    { figure: 'first start ever ms', ours: median(first), target: 2500 },
  ];
}

async function startOnce(task: object): Promise<number> {
  const startedAt = performance.now();
  const child = await startChild(FILE, task);
  await Promise.all(
    Object.entries(METADATA).map(async ([listener, path]) => {
      const answer = await fetch(`http://127.0.0.1:${child.ports[listener]}${path}`);
      if (answer.status !== 200) throw new Error(`${listener} answered ${answer.status}`);
      await answer.arrayBuffer();
    }),
  );
  const elapsed = performance.now() - startedAt;
  await endChild(child);
  return elapsed;
}
