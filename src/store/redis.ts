import { StoreUnavailable } from './errors.ts';
import { checkKey } from './limits.ts';
import type { RedisAddress, RedisNode } from './redis-address.ts';
import { parseRedisAddress } from './redis-address.ts';
import { createRedisChannels } from './redis-channels.ts';
import { createClusterDriver } from './redis-cluster.ts';
import type { RedisDriver } from './redis-cluster.ts';
import { refusalOf, unavailable } from './redis-failure.ts';
import { createRedisLink } from './redis-link.ts';
import { connectNode } from './redis-node.ts';
import type { NodeConnection, NodeOptions, Words } from './redis-node.ts';
import { claims, indexes, records } from './redis-operations.ts';
import type { RedisScript } from './redis-scripts.ts';
import { askSentinels } from './redis-sentinel.ts';
import type { Open } from './replay-attempt.ts';
import type { Store } from './store.ts';
import { createSince, evictionOf } from './redis-facts.ts';

/** What is not in the address, or overrides it. */
export interface RedisStoreOptions {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly tls?: boolean | undefined;
  /** A connection that nobody used for so long is let go; less than the server's own `timeout`. Undefined = never. */
  readonly idleTimeoutSeconds?: number | undefined;
  /** Before every key and channel: `fullmakt:` unless told. */
  readonly prefix?: string | undefined;
  /** Told once, when the server is found to drop records as it pleases. */
  readonly onWarning?: ((reason: string) => void) | undefined;
}

/**
 * A store in Valkey or Redis (7 or later), shared by any number of processes: one server, what sentinels name, or a cluster; see
 * {@link parseRedisAddress}, whose error it throws. Everything is asked of primaries and goes by the server's clock. Connects in the
 * background and by itself again, at the latest half a second after the server is back; until then operations reject. What a server
 * acknowledged and lost before it told its replicas is lost.
 */
export function openRedisStore(url: string, options: RedisStoreOptions = {}): Store {
  const { prefix = 'fullmakt:' } = options;
  const address = withOptions(parseRedisAddress(url), options);
  const warn = once(options.onWarning ?? (() => undefined));
  let closed = false;
  const onOpen = (connection: NodeConnection): void => {
    void evictionOf(connection).then((reason) => reason !== undefined && warn(reason));
    void since.learn();
  };
  const driver = openDriver(address, options.idleTimeoutSeconds, onOpen);
  const since = createSince(driver, `${prefix}since`);
  const channels = createRedisChannels(opening(listeningAt(address, driver), address, 'any'), prefix);
  const check = (key: string): void => {
    if (closed) throw new StoreUnavailable('the store is closed');
    checkKey(key);
  };
  const context = {
    prefix,
    check,
    run: (key: string | undefined, words: Words) => told(driver.ask(key, words)),
    evaluate: (script: RedisScript, key: string, args: Words) => told(evaluate(driver, script, key, args)),
  };

  return {
    ...records(context),
    ...claims(context),
    ...indexes(context),
    async publish(channel, message) {
      check(channel);
      await context.run(undefined, ['PUBLISH', `${prefix}channel:${channel}`, message]);
    },
    subscribe(channel, listener) {
      check(channel);
      return channels.subscribe(channel, listener);
    },
    async now() {
      check('now');
      const [seconds, micros] = asList(await context.run(undefined, ['TIME'])).map(Number);
      void since.learn();
      return (seconds ?? Number.NaN) + (micros ?? 0) / 1_000_000;
    },
    rememberedSince: () => since.known(),
    async close() {
      closed = true;
      await Promise.all([driver.close(), channels.close()]);
    },
  };
}

async function told(reply: Promise<unknown>): Promise<unknown> {
  try {
    return await reply;
  } catch (error) {
    throw unavailable(error);
  }
}

function withOptions(address: RedisAddress, { username, password, tls }: RedisStoreOptions): RedisAddress {
  return {
    ...address,
    tls: tls ?? address.tls,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  };
}

function once(tell: (reason: string) => void): (reason: string) => void {
  const told = new Set<string>();
  return (reason) => {
    if (told.has(reason)) return;
    told.add(reason);
    tell(reason);
  };
}

/** Opens connections to whatever server `locate` names at that moment. */
function opening(
  locate: () => Promise<RedisNode>,
  address: RedisAddress,
  role: NodeOptions['role'],
  onOpen?: (connection: NodeConnection) => void,
): Open<NodeConnection> {
  return async (hooks) => {
    const connection = await connectNode(await locate(), { ...address, role }, hooks);
    onOpen?.(connection);
    return connection;
  };
}

function openDriver(
  address: RedisAddress,
  idleSeconds: number | undefined,
  onOpen: (connection: NodeConnection) => void,
): RedisDriver {
  if (address.kind === 'cluster') {
    return createClusterDriver(address.nodes, (node) =>
      createRedisLink({ open: opening(() => Promise.resolve(node), address, 'any', onOpen), idleSeconds }),
    );
  }
  const link = createRedisLink({ open: opening(primaryOf(address), address, 'primary', onOpen), idleSeconds });
  return { ask: (_key, words) => link.send(words), nodes: () => address.nodes, close: () => link.close() };
}

function primaryOf(address: RedisAddress): () => Promise<RedisNode> {
  if (address.kind === 'sentinel') return askSentinels(address.nodes, address.primaryName, address);
  return () => Promise.resolve(address.nodes[0] ?? { host: '', port: 0 });
}

/** Where to listen: in a cluster any node hears everything, so another one is tried each time. */
function listeningAt(address: RedisAddress, driver: RedisDriver): () => Promise<RedisNode> {
  if (address.kind !== 'cluster') return primaryOf(address);
  let tries = 0;
  return async () => {
    const nodes = driver.nodes();
    const node = nodes[tries++ % nodes.length];
    if (node === undefined) throw new StoreUnavailable('no node of the cluster is known');
    return node;
  };
}

/** By its digest; whole when the server has not seen it, or not since it was told to forget its scripts. */
async function evaluate(driver: RedisDriver, script: RedisScript, key: string, args: Words): Promise<unknown> {
  try {
    return await driver.ask(key, ['EVALSHA', script.sha1, '1', key, ...args]);
  } catch (error) {
    if (refusalOf(error) !== 'NOSCRIPT') throw error;
    return driver.ask(key, ['EVAL', script.source, '1', key, ...args]);
  }
}

function asList(reply: unknown): readonly unknown[] {
  return Array.isArray(reply) ? reply : [];
}
