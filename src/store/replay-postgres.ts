import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import { StoreUnavailable } from './errors.ts';
import { CLAIM, CLOCK_WENT_BACK, PURGE } from './postgres-assertion-ids.ts';
import { openPostgres } from './postgres-connection.ts';
import { createClaimBatches } from './replay-batches.ts';
import type { Answer, Claims } from './replay-batches.ts';
import { createLink } from './replay-link.ts';
import type { Link } from './replay-link.ts';
import { checkClaim, checkClocks, CHECK_SECONDS, expiredAlready, GRACE_SECONDS } from './replay.ts';
import type { ReplayStore } from './replay.ts';

/** `now` is our own clock, in seconds since the epoch: a server that is far from it is not ready. */
export interface PostgresReplayOptions {
  readonly url: string;
  readonly now: () => number;
}

interface ClaimRow {
  readonly now: number;
  readonly since: number;
  readonly latest: number;
  readonly fresh: readonly string[];
}

const PURGE_EVERY_MS = 5000;
const PURGE_ROWS = 1000;

/**
 * A replay store in PostgreSQL, shared by any number of processes and on the disk before it answers; it goes by the server's
 * clock and remembers since its table was made. Connects in the background: claims reject until it has, and while the server
 * is away.
 */
export function createPostgresReplay({ url, now }: PostgresReplayOptions): ReplayStore {
  const link = createLink('the replay store in PostgreSQL', openPostgres(url));
  let since = Number.POSITIVE_INFINITY;
  let serverTime = Number.NaN;
  const run = async (claims: Claims): Promise<readonly Answer[]> => {
    const row = await link.ask((client) =>
      claimRows(client, claims).catch((error: unknown) => {
        if (!passes(error)) link.drop(client, error);
        throw error;
      }),
    );
    since = row.since;
    serverTime = row.now;
    const fresh = new Set(row.fresh);
    return claims.map(({ key, expiresAt }) => {
      if (expiresAt <= row.now) return 'expired';
      return fresh.has(key.toString('hex')) ? 'fresh' : 'seen';
    });
  };
  const batches = createClaimBatches(run);
  const stopPurging = purgeNowAndThen(link);

  const claim = async (key: string, expiresAt: number): Promise<'fresh' | 'seen'> => {
    checkClaim(key, expiresAt);
    const answer = await batches.claim(key, expiresAt);
    if (answer === 'expired') throw expiredAlready();
    return answer;
  };
  return {
    claim,
    rememberedSince: () => since,
    async check() {
      await claim(`check ${randomUUID()}`, now() + CHECK_SECONDS);
      checkClocks(serverTime, now());
    },
    async close() {
      stopPurging();
      await link.close();
    },
  };
}

async function claimRows(client: Client, claims: Claims): Promise<ClaimRow> {
  const values = [claims.map(({ key }) => key), claims.map(({ expiresAt }) => expiresAt)];
  const ask = async (): Promise<ClaimRow> => {
    const { rows } = await client.query<ClaimRow>({ name: 'claim', text: CLAIM, values });
    const [row] = rows;
    if (row === undefined) throw new StoreUnavailable('the table of the replay store has lost its memory');
    return row;
  };
  const row = await ask();
  if (row.now >= row.latest - GRACE_SECONDS) return row;
  await client.query(CLOCK_WENT_BACK, [GRACE_SECONDS]);
  const { rows } = await client.query<Pick<ClaimRow, 'since'>>('SELECT since FROM assertion_memory');
  return { ...row, since: rows[0]?.since ?? Number.POSITIVE_INFINITY };
}

/** Too little room or time (classes 53, 57014, 55P03, 40P01 of SQLSTATE): the same connection may do better in a moment. */
function passes(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  return code.startsWith('53') || ['57014', '55P03', '40P01'].includes(code);
}

/** Takes away what has expired, a little at a time; at once again while there is more. */
function purgeNowAndThen(link: Link<Client>): () => void {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const later = (ms: number): void => {
    if (stopped) return;
    timer = setTimeout(() => void purge(), ms);
    timer.unref();
  };
  const purge = async (): Promise<void> => {
    try {
      const { rowCount } = await link.ask((client) => client.query(PURGE, [GRACE_SECONDS, PURGE_ROWS]));
      later(rowCount === PURGE_ROWS ? 10 : PURGE_EVERY_MS);
    } catch {
      // The server is away or busy; what has expired can wait.
      later(PURGE_EVERY_MS);
    }
  };
  later(PURGE_EVERY_MS);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
