import { createChannels } from './channels.ts';
import { refusalOf } from './redis-failure.ts';
import { createRedisLink } from './redis-link.ts';
import type { RedisLink } from './redis-link.ts';
import type { NodeConnection } from './redis-node.ts';
import type { Open } from './replay-attempt.ts';

/**
 * Listening over a connection of its own, which is made with the first listener: who publishes need not listen. Channels are few; one
 * that was listened to once stays subscribed to, so that who leaves and who comes at the same moment cannot get in each other's way.
 */
export interface RedisChannels {
  subscribe(channel: string, listener: (message: string) => void): () => void;
  close(): Promise<void>;
}

/** What a user may be given while we run costs one question in so long. */
const ASK_AGAIN_MS = 5000;
const NOT_ALLOWED =
  'this user may not SUBSCRIBE to our channels, so what other instances do (a logout, a new token) is learned late';

/**
 * `open` makes the connection; `prefix` stands before the name of every channel. `onRefused` is told why nothing is heard, each time
 * the server says that this user may not listen; it is asked again.
 */
export function createRedisChannels(
  open: Open<NodeConnection>,
  prefix: string,
  onRefused: (reason: string) => void,
): RedisChannels {
  const here = createChannels();
  const wanted = new Set<string>();
  let link: RedisLink | undefined;
  let listening: NodeConnection | undefined;
  const name = (channel: string): string => `${prefix}channel:${channel}`;
  const listen = async (connection: NodeConnection, channel: string): Promise<void> => {
    try {
      await connection.subscribe(name(channel), (message) => here.publish(channel, message));
    } catch (error) {
      if (refusalOf(error) !== 'NOPERM') throw error;
      onRefused(NOT_ALLOWED);
      setTimeout(() => {
        if (listening === connection) listen(connection, channel).catch(ignore);
      }, ASK_AGAIN_MS).unref();
    }
  };
  const openListening: Open<NodeConnection> = async (hooks) => {
    const connection = await open(hooks);
    listening = connection;
    hooks.ending.addEventListener('abort', () => {
      if (listening === connection) listening = undefined;
    });
    await Promise.all([...wanted].map((channel) => listen(connection, channel)));
    return connection;
  };

  return {
    subscribe(channel, listener) {
      if (!wanted.has(channel) && listening !== undefined) listen(listening, channel).catch(ignore);
      wanted.add(channel);
      link ??= createRedisLink({ open: openListening });
      return here.subscribe(channel, listener);
    },
    async close() {
      here.close();
      await link?.close();
    },
  };
}

/** A connection that was lost subscribes to everything again when it is made anew. */
function ignore(): void {}
