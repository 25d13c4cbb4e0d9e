import { StoreUnavailable } from './errors.ts';
import type { RedisNode } from './redis-address.ts';
import { refusalOf } from './redis-failure.ts';
import { connectNode } from './redis-node.ts';
import type { NodeOptions } from './redis-node.ts';

/** How long one sentinel may take: a frozen one must not keep the next from being asked within one attempt. */
const SENTINEL_MS = 300;

/** Asks sentinels for the address of the primary, beginning with another one each time. */
export function askSentinels(
  sentinels: readonly RedisNode[],
  primaryName: string,
  options: Omit<NodeOptions, 'role'>,
): () => Promise<RedisNode> {
  let first = -1;
  return async () => {
    first += 1;
    for (let i = 0; i < sentinels.length; i += 1) {
      const sentinel = sentinels[(first + i) % sentinels.length];
      const found = sentinel && (await askOne(sentinel, primaryName, options).catch(() => undefined));
      if (found !== undefined) return found;
    }
    throw new StoreUnavailable('no sentinel names the primary');
  };
}

/** With what is said to the servers; without, where the sentinel asks for nothing: many protect only their servers. */
async function askOne(
  sentinel: RedisNode,
  primaryName: string,
  options: Omit<NodeOptions, 'role'>,
): Promise<RedisNode | undefined> {
  try {
    return await ask(sentinel, primaryName, options);
  } catch (error) {
    if (!['WRONGPASS', 'ERR'].includes(refusalOf(error))) throw error;
    return ask(sentinel, primaryName, { tls: options.tls, database: 0 });
  }
}

async function ask(
  sentinel: RedisNode,
  primaryName: string,
  options: Omit<NodeOptions, 'role'>,
): Promise<RedisNode | undefined> {
  const ending = new AbortController();
  const { promise: lost, reject } = Promise.withResolvers<never>();
  const late = setTimeout(() => reject(new StoreUnavailable('the sentinel does not answer')), SENTINEL_MS);
  lost.catch(() => undefined);
  const asked = async (): Promise<unknown> => {
    const hooks = { ending: ending.signal, lost: reject, untilEnded() {} };
    const connection = await connectNode(sentinel, { ...options, database: 0, role: 'any' }, hooks);
    return connection.send(['SENTINEL', 'get-master-addr-by-name', primaryName]);
  };
  try {
    const reply = await Promise.race([asked(), lost]);
    const [host, port] = Array.isArray(reply) ? reply : [];
    return host === undefined ? undefined : { host: String(host), port: Number(port) };
  } finally {
    clearTimeout(late);
    ending.abort();
  }
}
