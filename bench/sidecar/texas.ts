import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '../../tests/servers/free-port.ts';
import { until } from '../../tests/until.ts';
import { serverOf } from '../shared/servers.ts';
import type { BenchServer } from '../shared/servers.ts';
import { asJson, machineFields } from './asking.ts';
import { lookAt } from './look.ts';

/** The sidecar that ours stands in for, with the variables of ours. */
export interface Texas {
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A Texas that somebody has built and says where it is; without one there is a sentence about that. */
export function findTexas(env: Readonly<Record<string, string>>): Texas | undefined {
  const program = process.env['FULLMAKT_BENCH_TEXAS'];
  if (program !== undefined) return { program, env };
  console.error('sidecar: measured without Texas; FULLMAKT_BENCH_TEXAS says where its program is');
  return undefined;
}

/** Started, and asked for its first token; what it logs is not kept. */
export async function startTexas({ program, env }: Texas): Promise<BenchServer> {
  const port = await freePort();
  const child = spawn(program, {
    env: { RUST_LOG: 'off', ...env, BIND_ADDRESS: `127.0.0.1:${port}` },
    stdio: 'ignore',
  });
  await once(child, 'spawn');
  const server = serverOf(child, port);
  const first = asJson('/api/v1/token', machineFields('api://first/.default'));
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`Texas ended with ${child.exitCode}`);
    return lookAt(port, first).catch(() => undefined);
  }, 'a token of Texas');
  return server;
}
