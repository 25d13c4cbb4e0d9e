import { tellRedis } from '../../tests/servers/redis-cluster.ts';
import type { TestRedis } from '../../tests/servers/redis.ts';
import type { Figure } from '../shared/report.ts';
import type { BenchServer } from '../shared/servers.ts';
import { OURS } from './comparison.ts';
import type { Crowd } from './crowd.ts';

const CONNECTIONS = 16;
/** What a connection asks about the server now and then, and we about this count. */
const NOT_OF_REQUESTS: ReadonlySet<string> = new Set([
  'role',
  'ping',
  'info',
  'config|resetstat',
  'hello',
  'command',
  'client|setinfo',
]);

/** What Redis counts while so many authenticated requests are answered. */
export async function countStoreOperations(
  server: BenchServer,
  { redis, crowd, requests }: { readonly redis: TestRedis; readonly crowd: Crowd; readonly requests: number },
): Promise<readonly Figure[]> {
  await tellRedis(redis, 'CONFIG', 'RESETSTAT');
  await crowd.ask({ task: 'burst', name: OURS, port: server.port, count: requests, connections: CONNECTIONS });
  const calls = callsOf(String(await tellRedis(redis, 'INFO', 'commandstats')));
  const all = [...calls].reduce((sum, [name, count]) => (NOT_OF_REQUESTS.has(name) ? sum : sum + count), 0);
  return [
    { figure: 'store operations for an authenticated request', ours: all / requests, target: 1, better: 'lower' },
    { figure: 'of these GET', ours: (calls.get('get') ?? 0) / requests },
  ];
}

function callsOf(info: string): ReadonlyMap<string, number> {
  return new Map(
    [...info.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)].map(([, name = '', calls]) => [name, Number(calls)]),
  );
}
