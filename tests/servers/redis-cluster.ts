import { createClient } from 'redis';
import { freePort } from './free-port.ts';
import { startRedis } from './redis.ts';
import type { TestRedis } from './redis.ts';
import { until } from '../until.ts';

/** A cluster on loopback: the slots are shared by the primaries; each replica follows the primary of its number. */
export interface TestCluster {
  readonly url: string;
  readonly primaries: readonly TestRedis[];
  readonly replicas: readonly TestRedis[];
  /** How long a server may be silent before its replica takes its place; at first so long that a busy machine costs none its place. */
  replaceAfter(milliseconds: number): Promise<void>;
  close(): Promise<void>;
}

const SLOTS = 16_384;
const PATIENT_MS = 60_000;

/** Sends one command to one server. */
export async function tellRedis(redis: TestRedis, ...words: readonly string[]): Promise<unknown> {
  const client = createClient({ url: redis.url, socket: { reconnectStrategy: false } });
  client.on('error', () => {});
  await client.connect();
  try {
    return await client.sendCommand(words);
  } finally {
    client.destroy();
  }
}

/** Starts a cluster that is whole when this resolves. */
export async function startRedisCluster(counts: {
  readonly primaries: number;
  readonly replicas: number;
}): Promise<TestCluster> {
  const buses = new Map<TestRedis, string>();
  const start = async (): Promise<TestRedis> => {
    const bus = String(await freePort());
    const options = ['--cluster-node-timeout', '1000', '--cluster-require-full-coverage', 'no'];
    const node = await startRedis('--cluster-enabled', 'yes', '--cluster-port', bus, ...options);
    buses.set(node, bus);
    return node;
  };
  const nodes = await Promise.all(Array.from({ length: counts.primaries + counts.replicas }, start));
  const [primaries, replicas] = [nodes.slice(0, counts.primaries), nodes.slice(counts.primaries)];
  const close = async (): Promise<void> => void (await Promise.all(nodes.map((node) => node.close())));
  const replaceAfter = async (milliseconds: number): Promise<void> => {
    for (const node of nodes) await tellRedis(node, 'CONFIG', 'SET', 'cluster-node-timeout', String(milliseconds));
  };
  try {
    await assign(primaries);
    for (const node of nodes.slice(1))
      await tellRedis(nodes[0] ?? node, 'CLUSTER', 'MEET', '127.0.0.1', String(node.port), buses.get(node) ?? '');
    for (const [i, replica] of replicas.entries()) {
      const id = await tellRedis(primaries[i] ?? replica, 'CLUSTER', 'MYID');
      await until(() => asked(replica, 'CLUSTER', 'REPLICATE', String(id)));
    }
    for (const replica of replicas)
      await until(async () => /master_link_status:up/.test(String(await asked(replica, 'INFO', 'replication'))));
    for (const node of nodes)
      await until(async () => isWhole(String(await asked(node, 'CLUSTER', 'INFO')), nodes.length));
    await replaceAfter(PATIENT_MS);
  } catch (error) {
    await close();
    throw error;
  }
  return { url: `redis+cluster://127.0.0.1:${nodes[0]?.port}`, primaries, replicas, replaceAfter, close };
}

/** What a server says; undefined while it refuses, or ends connections because its role changes. */
function asked(redis: TestRedis, ...words: readonly string[]): Promise<unknown> {
  return tellRedis(redis, ...words).catch(() => undefined);
}

async function assign(primaries: readonly TestRedis[]): Promise<void> {
  for (const [i, primary] of primaries.entries()) {
    const [first, end] = [i, i + 1].map((n) => Math.floor((n * SLOTS) / primaries.length));
    await tellRedis(primary, 'CLUSTER', 'ADDSLOTSRANGE', String(first), String((end ?? SLOTS) - 1));
    await tellRedis(primary, 'CLUSTER', 'SET-CONFIG-EPOCH', String(i + 1));
  }
}

function isWhole(info: string, nodes: number): boolean {
  return (
    /cluster_state:ok/.test(info) &&
    info.includes(`cluster_known_nodes:${nodes}\r`) &&
    info.includes(`cluster_slots_ok:${SLOTS}\r`)
  );
}
