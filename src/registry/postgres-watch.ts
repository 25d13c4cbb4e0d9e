import type { Client } from 'pg';
import type { Sql } from './database.ts';
import { createTurns } from './in-turn.ts';
import { askOver } from './postgres-ask.ts';

/** The one connection on which a process hears of others' changes and asks for the version. It is made when it is needed, and again when it was lost. */
export interface PostgresWatch {
  use<T>(step: (sql: Sql) => Promise<T>): Promise<T>;
  readonly onNews: (listener: () => void) => void;
  close(): Promise<void>;
}

/** `create` makes a client that is not connected yet. */
export function createPostgresWatch(create: () => Client, answerMilliseconds: number): PostgresWatch {
  const turn = createTurns();
  let listener = noListener;
  let current: Client | undefined;
  let closed = false;
  const drop = (client: Client): void => {
    if (current !== client) return;
    current = undefined;
    void client.end().catch(() => {});
  };
  const connected = async (): Promise<Client> => {
    if (closed) throw new Error('it is closed');
    if (current !== undefined) return current;
    const client = create();
    let listens = false;
    const lost = (): void => {
      if (current !== client) return;
      drop(client);
      // Words may have been lost with it; this also makes the next one. One that never listened waits for whoever asks.
      if (listens && !closed) listener();
    };
    client.on('error', lost);
    client.on('end', lost);
    client.on('notification', () => listener());
    current = client;
    await client.connect();
    await askOver(client, answerMilliseconds)('LISTEN fullmakt_registry');
    listens = true;
    return client;
  };
  return {
    use: (step) =>
      turn(async () => {
        try {
          return await step(askOver(await connected(), answerMilliseconds));
        } catch (error) {
          if (current !== undefined) drop(current);
          throw error;
        }
      }),
    onNews(next) {
      listener = next;
    },
    async close() {
      closed = true;
      const client = current;
      if (client === undefined) return;
      const ended = client.end();
      // After the goodbye, without waiting for an answer: the server may stand still.
      setImmediate(() => client.connection.stream.destroy());
      await ended;
    },
  };
}

function noListener(): void {}
