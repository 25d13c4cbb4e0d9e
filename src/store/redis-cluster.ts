import { StoreUnavailable } from './errors.ts';
import type { RedisNode } from './redis-address.ts';
import { refusalOf } from './redis-failure.ts';
import type { RedisLink } from './redis-link.ts';
import type { RedisDriver } from './redis-driver.ts';
import { slotOf } from './redis-slot.ts';

const MAX_REDIRECTS = 5;
/** Where things are is asked for at most this often. */
const REFRESH_PAUSE_MS = 250;

/** A cluster, found by some of its nodes; commands go to primaries only, as replicas send away who asks them. */
export function createClusterDriver(seeds: readonly RedisNode[], linkTo: (node: RedisNode) => RedisLink): RedisDriver {
  const links = new Map<string, { readonly node: RedisNode; readonly link: RedisLink }>();
  let owners: readonly (RedisNode | undefined)[] = [];
  let refreshing: Promise<void> | undefined;
  let refreshedAt = Number.NEGATIVE_INFINITY;
  let closed = false;

  const to = (node: RedisNode): RedisLink => {
    if (closed) throw new StoreUnavailable('the store is closed');
    const name = `${node.host} ${node.port}`;
    const known = links.get(name) ?? { node, link: linkTo(node) };
    links.set(name, known);
    return known.link;
  };
  const known = (): readonly RedisNode[] => {
    const all = new Map(
      [...seeds, ...[...links.values()].map(({ node }) => node)].map((n) => [`${n.host} ${n.port}`, n]),
    );
    return [...all.values()].toSorted((a, b) => Number(to(b).connected()) - Number(to(a).connected()));
  };
  const load = async (): Promise<void> => {
    const asked = known().map(async (node) => readSlots(await to(node).send(['CLUSTER', 'SLOTS']), node));
    owners = await Promise.any(asked).catch((error: unknown) => {
      throw error instanceof AggregateError ? error.errors[0] : error;
    });
    const wanted = new Set([...seeds, ...owners].map((node) => `${node?.host} ${node?.port}`));
    for (const [name, { link }] of links) {
      if (wanted.has(name)) continue;
      links.delete(name);
      void link.close();
    }
  };
  const refresh = (): Promise<void> => {
    refreshing ??= load().finally(() => {
      refreshing = undefined;
      refreshedAt = performance.now();
    });
    return refreshing;
  };
  const refreshBehind = (): void => {
    if (closed || performance.now() - refreshedAt < REFRESH_PAUSE_MS) return;
    refresh().catch(() => undefined);
  };
  const ownerOf = async (key: string | undefined): Promise<RedisNode> => {
    if (key === undefined) return known()[0] ?? unowned();
    const slot = slotOf(key);
    if (owners[slot] === undefined) await refresh();
    return owners[slot] ?? unowned();
  };

  for (const seed of seeds) to(seed);
  return {
    async ask(key, words) {
      let node = await ownerOf(key);
      let asking = false;
      for (let hops = 0; ; hops += 1) {
        try {
          return await (asking ? to(node).send(['ASKING'], words) : to(node).send(words));
        } catch (error) {
          const elsewhere = hops < MAX_REDIRECTS ? redirectIn(error, node) : undefined;
          if (elsewhere === undefined || refusalOf(error) === 'MOVED') refreshBehind();
          if (elsewhere === undefined) throw error;
          node = elsewhere;
          asking = refusalOf(error) === 'ASK';
        }
      }
    },
    nodes: known,
    async close() {
      closed = true;
      await Promise.all([...links.values()].map(({ link }) => link.close()));
    },
  };
}

function unowned(): never {
  throw new StoreUnavailable('no node of the cluster holds the key');
}

/** Where the answer `MOVED slot host:port` or `ASK slot host:port` points; no host = the one that was asked. */
function redirectIn(error: unknown, asked: RedisNode): RedisNode | undefined {
  const [, host, port] = /^(?:MOVED|ASK) \d+ (.*):(\d+)$/.exec(error instanceof Error ? error.message : '') ?? [];
  return host === undefined ? undefined : { host: host === '' ? asked.host : host, port: Number(port) };
}

/** The reply of `CLUSTER SLOTS`: lists of first slot, last slot, primary [host, port, …], replicas. */
function readSlots(reply: unknown, asked: RedisNode): readonly (RedisNode | undefined)[] {
  const owners: (RedisNode | undefined)[] = [];
  for (const range of Array.isArray(reply) ? reply : []) {
    const [first, last, primary] = Array.isArray(range) ? range : [];
    const [host, port] = Array.isArray(primary) ? primary : [];
    const name = host === null || host === undefined ? '' : String(host);
    const node = { host: name === '' ? asked.host : name, port: Number(port) };
    for (let slot = Number(first); slot <= Number(last); slot += 1) owners[slot] = node;
  }
  if (owners.length === 0) throw new StoreUnavailable('the node is in no cluster');
  return owners;
}
