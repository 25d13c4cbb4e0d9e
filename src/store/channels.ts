type Listener = (message: string) => void;

/** Publish and subscribe within one process. */
export interface Channels {
  publish(channel: string, message: string): void;
  subscribe(channel: string, listener: Listener): () => void;
  close(): void;
}

/** Channels that deliver after the publisher has gone on, so that no listener can delay or break a write. */
export function createChannels(): Channels {
  const listeners = new Map<string, Set<{ readonly hear: Listener }>>();

  return {
    publish(channel, message) {
      for (const listener of listeners.get(channel) ?? []) {
        queueMicrotask(() => {
          // Asked again at delivery: whoever unsubscribed meanwhile hears nothing.
          if (listeners.get(channel)?.has(listener) === true) listener.hear(message);
        });
      }
    },
    subscribe(channel, hear) {
      const listener = { hear };
      const here = listeners.get(channel) ?? new Set();
      listeners.set(channel, here.add(listener));
      return () => {
        here.delete(listener);
        if (here.size === 0 && listeners.get(channel) === here) listeners.delete(channel);
      };
    },
    close() {
      listeners.clear();
    },
  };
}
