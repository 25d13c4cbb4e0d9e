import { createChannels } from './channels.ts';
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

/** `open` makes the connection; `prefix` stands before the name of every channel. */
export function createRedisChannels(open: Open<NodeConnection>, prefix: string): RedisChannels {
  const here = createChannels();
  const wanted = new Set<string>();
  let link: RedisLink | undefined;
  let listening: NodeConnection | undefined;
  const name = (channel: string): string => `${prefix}channel:${channel}`;
  const listen = (connection: NodeConnection, channel: string): Promise<void> =>
    connection.subscribe(name(channel), (message) => here.publish(channel, message));
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
