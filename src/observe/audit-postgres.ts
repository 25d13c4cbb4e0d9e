import type { Client } from 'pg';
import { type AuditSink, AuditUnavailable } from './audit.ts';
import { openAuditTable, readWrite } from './audit-table.ts';
import { inTime } from './in-time.ts';

/** Where the audit table is. */
export interface PostgresAuditOptions {
  /** A connection string: `postgres://user:password@host:port/database?sslmode=…`. */
  readonly url: string;
}

const START_MS = 5000;
const ATTEMPT_MS = 500;
const RETRY_MS = 200;

const INSERT =
  'INSERT INTO audit_log (line) SELECT line FROM unnest($1::text[]) WITH ORDINALITY AS record (line, n) ORDER BY n';

/**
 * The table `audit_log` of a PostgreSQL database, on one connection of its own; made if it is not there. A write is over
 * after 500 ms, and fails at once while the server is away; the connection is sought again every 200 ms. Rejects
 * AuditUnavailable when the server cannot be used at the start.
 */
export async function openPostgresAudit({ url }: PostgresAuditOptions): Promise<AuditSink> {
  const { Client: PostgresClient } = await import('pg');
  let client: Client | undefined;
  let reopening: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let cause: unknown;

  const open = async (ms: number): Promise<void> => {
    const made = new PostgresClient({
      connectionString: url,
      application_name: 'fullmakt audit',
      pipeline: true,
      keepAlive: true,
    });
    made.on('error', (error) => lose(made, error));
    made.on('end', () => lose(made, new Error('the connection was closed')));
    try {
      await inTime(openAuditTable(made, ATTEMPT_MS), ms, late);
    } catch (error) {
      void discard(made);
      throw error;
    }
    if (closed) void discard(made);
    else client = made;
  };
  const lose = (lost: Client, error: unknown): void => {
    if (client !== lost) return;
    [client, cause] = [undefined, error];
    void discard(lost);
    if (!closed) reopening = reopen();
  };
  const reopen = async (): Promise<void> => {
    try {
      await open(ATTEMPT_MS);
    } catch (error) {
      cause = error;
      if (!closed) timer = setTimeout(() => void reopen(), RETRY_MS).unref();
    } finally {
      reopening = undefined;
    }
  };
  const use = async (ask: (connection: Client) => Promise<unknown>): Promise<void> => {
    // A connection that broke just now is often back in a few milliseconds.
    if (client === undefined) await reopening;
    const current = client;
    if (current === undefined) throw unavailable(cause);
    try {
      await inTime(ask(current), ATTEMPT_MS, late);
    } catch (error) {
      lose(current, error);
      throw unavailable(error);
    }
  };

  const ready = (): Promise<boolean> =>
    use(readWrite).then(
      () => true,
      () => false,
    );

  try {
    await open(START_MS);
  } catch (error) {
    throw unavailable(error);
  }
  return {
    write: (lines) => use((connection) => connection.query(INSERT, [lines])),
    ready,
    async close() {
      closed = true;
      clearTimeout(timer);
      await reopening;
      // A server that does not answer would be waited for: the connection is let go of at once then.
      if (await ready()) await client?.end();
    },
  };
}

/** Says goodbye, and does not wait for an answer: the server may stand still. */
async function discard(client: Client): Promise<void> {
  setImmediate(() => client.connection.stream.destroy());
  try {
    await client.end();
  } catch {
    // It is gone already.
  }
}

function late(): Error {
  return new Error('the server did not answer in time');
}

function unavailable(cause: unknown): AuditUnavailable {
  return new AuditUnavailable('the audit table cannot be written', { cause });
}
