import { StoreUnavailable } from './errors.ts';
import { checkKey } from './limits.ts';
import type { RedisAddress } from './redis-address.ts';
import { parseRedisAddress } from './redis-address.ts';
import { createRedisChannels } from './redis-channels.ts';
import type { RedisDriver } from './redis-driver.ts';
import { createSince, evictionOf } from './redis-facts.ts';
import { refusalOf, unavailable } from './redis-failure.ts';
import type { NodeConnection, Words } from './redis-node.ts';
import { openDriver, openListener } from './redis-open.ts';
import { claims, indexes, records } from './redis-operations.ts';
import type { RedisScript } from './redis-scripts.ts';
import type { Store } from './store.ts';

/** What is not in the address, or overrides it. */
export interface RedisStoreOptions {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly tls?: boolean | undefined;
  /** A connection that nobody used for so long is let go; less than the server's own `timeout`. Undefined or 0 = never. */
  readonly idleTimeoutSeconds?: number | undefined;
  /** Before every key and channel: `fullmakt:` unless told. */
  readonly prefix?: string | undefined;
  /** Told once of each: the server drops records as it pleases; this user may not listen. */
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
  const channels = createRedisChannels(openListener(address, driver), prefix, warn);
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
  const before = new Set<string>();
  return (reason) => {
    if (before.has(reason)) return;
    before.add(reason);
    tell(reason);
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
