import { connectClient } from './connect-client.ts';
import { StoreUnavailable } from './errors.ts';
import type { RedisAddress, RedisNode } from './redis-address.ts';
import { refusalOf } from './redis-failure.ts';
import type { Open } from './replay-attempt.ts';

/** One command, as it goes out. */
export type Words = readonly (string | Buffer)[];

/** A connection to one server, which never connects again by itself: that could be to another server, with another memory. */
export interface NodeConnection {
  /** Sends together with whatever else is sent in this turn. Strings in replies come as bytes. Rejects with the driver's error. */
  send(words: Words): Promise<unknown>;
  subscribe(channel: string, listener: (message: string) => void): Promise<void>;
  /** Lets go once everything that was sent is answered. */
  finish(): Promise<unknown>;
}

type Hooks = Parameters<Open<NodeConnection>>[0];

/** How a server is reached; how `role` is judged see {@link connectNode}. */
export interface NodeOptions extends Pick<RedisAddress, 'username' | 'password' | 'database' | 'tls'> {
  readonly role: 'primary' | 'any';
}

/** A server that is asked this often and leaves one question unanswered until the next is given up. */
const HEARTBEAT_MS = 500;
const CONNECT_MS = 1000;

/**
 * Connects to a server and keeps asking it whether it is there; where `role` is `primary` also whether it still is one, as another
 * may have taken its place while this connection lived on. Loads the driver when it is first needed.
 */
export async function connectNode(node: RedisNode, options: NodeOptions, hooks: Hooks): Promise<NodeConnection> {
  const { createClient, RESP_TYPES } = await import('redis');
  hooks.ending.throwIfAborted();
  const client = createClient({
    RESP: 2,
    ...(options.username === undefined ? {} : { username: options.username }),
    ...(options.password === undefined ? {} : { password: options.password }),
    database: options.database,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    // A timer for each command would outlive its answer: whoever asks has a budget, and silence ends the connection.
    commandOptions: { timeout: 0, typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
    socket: { ...node, ...(options.tls ? { tls: true } : {}), reconnectStrategy: false, connectTimeout: CONNECT_MS },
  });
  await connectClient(client, hooks);
  const send = (words: Words): Promise<unknown> => client.sendCommand(words);
  const check = options.role === 'primary' ? askForPrimary(send) : () => send(['PING']);
  await check();
  keepAsking(check, hooks);
  return {
    send,
    subscribe: (channel, listener) => client.subscribe(channel, listener),
    finish: () => client.close(),
  };
}

/** Rejects once the server is no primary. Who may not ask is told by the server when a write is refused. */
function askForPrimary(send: NodeConnection['send']): () => Promise<unknown> {
  let words = ['ROLE'];
  return async () => {
    try {
      const reply = await send(words);
      if (words[0] === 'ROLE' && !(Array.isArray(reply) && String(reply[0]) === 'master')) {
        throw new StoreUnavailable('the server is no primary');
      }
    } catch (error) {
      if (refusalOf(error) !== 'NOPERM') throw error;
      words = ['PING'];
    }
  };
}

function keepAsking(check: () => Promise<unknown>, { ending, lost }: Hooks): void {
  let asked = false;
  const ask = async (): Promise<void> => {
    asked = true;
    try {
      await check();
      asked = false;
    } catch (error) {
      lost(error);
    }
  };
  const giveUp = (): void => {
    if (asked) lost(new StoreUnavailable('the server does not answer'));
  };
  // Where the process itself was busy the answer may be here, unread: reading comes before an immediate.
  const timer = setInterval(() => (asked ? setImmediate(giveUp) : void ask()), HEARTBEAT_MS).unref();
  ending.addEventListener('abort', () => clearInterval(timer));
}
