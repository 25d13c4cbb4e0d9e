import { StoreUnavailable } from './errors.ts';
import type { RedisAddress, RedisNode } from './redis-address.ts';
import { createClusterDriver } from './redis-cluster.ts';
import type { RedisDriver } from './redis-driver.ts';
import { createRedisLink } from './redis-link.ts';
import { connectNode } from './redis-node.ts';
import type { NodeConnection, NodeOptions } from './redis-node.ts';
import { askSentinels } from './redis-sentinel.ts';
import type { Open } from './replay-attempt.ts';

type OpenHooks = Parameters<Open<NodeConnection>>[0];

/** How often sentinels are asked whether the primary is still the one we use. */
const LOCATE_EVERY_MS = 1000;

/** Opens connections to whatever server `locate` names at that moment. */
function opening(
  locate: () => Promise<RedisNode>,
  address: RedisAddress,
  role: NodeOptions['role'],
  onOpen?: (connection: NodeConnection) => void,
): Open<NodeConnection> {
  return async (hooks) => {
    const node = await locate();
    const connection = await connectNode(node, { ...address, role }, hooks);
    if (address.kind === 'sentinel') leaveWhenReplaced(node, locate, hooks);
    onOpen?.(connection);
    return connection;
  };
}

/**
 * A primary that was replaced while it is alive takes writes until the sentinels have told it, which may take them ten seconds; what
 * it acknowledges then is lost.
 */
function leaveWhenReplaced(node: RedisNode, locate: () => Promise<RedisNode>, hooks: OpenHooks): void {
  const check = async (): Promise<void> => {
    const named = await locate();
    if (named.host === node.host && named.port === node.port) return;
    hooks.lost(new StoreUnavailable('the sentinels name another primary'));
  };
  // Sentinels that are away name nobody: then nobody has been replaced either.
  const timer = setInterval(() => void check().catch(() => undefined), LOCATE_EVERY_MS).unref();
  hooks.ending.addEventListener('abort', () => clearInterval(timer));
}

/** Begins to connect; `onOpen` is told of every connection that was made. */
export function openDriver(
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

/** Opens the connection that listens. */
export function openListener(address: RedisAddress, driver: RedisDriver): Open<NodeConnection> {
  return opening(listeningAt(address, driver), address, 'any');
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
