import { createChannels } from './channels.ts';
import { createRedisLink } from './redis-link.ts';
import type { RedisLink } from './redis-link.ts';
import type { NodeConnection } from './redis-node.ts';
import type { Open } from './replay-attempt.ts';

/** Listening over a connection of its own, which is made with the first listener: who publishes need not listen. */
export interface RedisChannels {
  subscribe(channel: string, listener: (message: string) => void): () => void;
  close(): Promise<void>;
}

/** `open` makes the connection; `prefix` stands before the name of every channel. */
export function createRedisChannels(open: Open<NodeConnection>, prefix: string): RedisChannels {
  const here = createChannels();
  const wanted = new Map<string, number>();
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
    await Promise.all([...wanted.keys()].map((channel) => listen(connection, channel)));
    return connection;
  };
  const leaveChannel = (channel: string): void => {
    const others = (wanted.get(channel) ?? 1) - 1;
    if (others > 0) wanted.set(channel, others);
    else wanted.delete(channel);
    if (others === 0) listening?.unsubscribe(name(channel)).catch(ignore);
  };

  return {
    subscribe(channel, listener) {
      const leave = here.subscribe(channel, listener);
      const count = wanted.get(channel) ?? 0;
      wanted.set(channel, count + 1);
      if (count === 0 && listening !== undefined) listen(listening, channel).catch(ignore);
      link ??= createRedisLink({ open: openListening });
      let left = false;
      return () => {
        if (left) return;
        left = true;
        leave();
        leaveChannel(channel);
      };
    },
    async close() {
      here.close();
      await link?.close();
    },
  };
}

/** A connection that was lost subscribes to everything again when it is made anew. */
function ignore(): void {}
