import { createHash, randomUUID } from 'node:crypto';
import { connectClient } from './connect-client.ts';
import { StoreUnavailable } from './errors.ts';
import { BEGIN, CLAIM, EPOCH_KEY, MARK_PREFIX } from './redis-claims.ts';
import type { Open } from './replay-attempt.ts';
import { GRACE_SECONDS } from './replay.ts';

/** What a claim can be told; `lost` when the memory it was to be made in is gone. */
type Told = 'fresh' | 'seen' | 'expired' | 'lost';

/** A connection to one process of a Valkey or Redis server. All times are seconds. */
export interface ReplayConnection {
  /** Since when the server remembers; moved by `begin`. */
  since(): number;
  claim(key: string, expiresAt: number): Promise<{ readonly told: Told; readonly serverTime: number }>;
  /** Joins the memory that the server has now, or begins one. */
  begin(): Promise<void>;
  /** Rejects with StoreUnavailable for a server that would drop marks to make room. */
  verify(): Promise<void>;
}

/** Sends one command; gives the reply as the server made it. */
type Send = (...words: string[]) => Promise<unknown>;

/** Connects to Valkey or Redis. Loads the driver when it is first needed. */
export function openRedis(url: string): Open<ReplayConnection> {
  return async (hooks) => {
    // The driver would say so too, with the whole address in its error.
    if (!URL.canParse(url)) throw new StoreUnavailable('the address of the server is no URL');
    const { createClient } = await import('redis');
    hooks.ending.throwIfAborted();
    // A new connection may lead to another process, with another memory: the client must not make one on its own.
    const client = createClient({ url, disableOfflineQueue: true, socket: { reconnectStrategy: false } });
    await connectClient(client, hooks);
    return connectionOf((...words) => client.sendCommand(words));
  };
}

async function connectionOf(send: Send): Promise<ReplayConnection> {
  const runId = checkServer(String(await send('INFO')));
  const sha1 = createHash('sha1').update(CLAIM).digest('hex');
  let epoch = { id: '', since: Number.POSITIVE_INFINITY };
  const begin = async (): Promise<void> => {
    const [id, since] = listOf(await send('EVAL', BEGIN, '1', EPOCH_KEY, runId, randomUUID()));
    epoch = { id: String(id), since: Number(since) / 1000 };
  };
  await begin();
  return {
    since: () => epoch.since,
    begin,
    async verify() {
      checkServer(String(await send('INFO')));
    },
    async claim(key, expiresAt) {
      const ends = String(Math.ceil(expiresAt * 1000));
      const words = ['2', EPOCH_KEY, `${MARK_PREFIX}${key}`, epoch.id, ends, String(GRACE_SECONDS * 1000)];
      const [told, time] = listOf(await evaluate(send, sha1, words));
      if (told !== 'fresh' && told !== 'seen' && told !== 'expired' && told !== 'lost') {
        throw new StoreUnavailable('the server gave an answer that is none');
      }
      return { told, serverTime: Number(time) / 1000 };
    },
  };
}

/** By its digest; whole when the server has not seen it, or not since it was told to forget its scripts. */
async function evaluate(send: Send, sha1: string, words: readonly string[]): Promise<unknown> {
  try {
    return await send('EVALSHA', sha1, ...words);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return send('EVAL', CLAIM, ...words);
  }
}

/** The run id of the process. Throws StoreUnavailable for a server that would drop marks to make room. */
function checkServer(info: string): string {
  const fact = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
  const [limit, policy] = [fact('maxmemory'), fact('maxmemory_policy')];
  if (limit !== '0' && policy !== 'noeviction') {
    throw new StoreUnavailable(
      `the server forgets when its memory is full (maxmemory-policy ${policy}, not noeviction)`,
    );
  }
  const runId = fact('run_id');
  if (runId === '') throw new StoreUnavailable('the server does not tell its run id');
  return runId;
}

function listOf(reply: unknown): readonly unknown[] {
  return Array.isArray(reply) ? reply : [];
}
