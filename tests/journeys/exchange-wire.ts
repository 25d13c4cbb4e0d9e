import { Agent, request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';

/** What a server answered, and when; status 0 = the connection ended without an answer, -1 = nothing came for 10 s. */
export interface Wired {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly retryAfter: string | undefined;
  readonly correlationId: string | undefined;
  /** `performance.now()` when it was sent and when the answer was complete. */
  readonly sentAt: number;
  readonly doneAt: number;
}

/** A request; `from` is the loopback address it comes from, since failures are counted by address. */
export interface Sent {
  readonly origin: string;
  readonly path: string;
  readonly body: string;
  readonly from?: string;
  readonly bearer?: string;
}

const PATIENCE_MS = 10_000;
const agent = new Agent({ keepAlive: true, maxSockets: 300 });

/** Posts a form, or with `bearer` a JSON body. Never rejects. */
export function post({ origin, path, body, from = '127.0.0.1', bearer }: Sent): Promise<Wired> {
  const sentAt = performance.now();
  const headers = {
    'Content-Type': bearer === undefined ? 'application/x-www-form-urlencoded' : 'application/json',
    'Content-Length': Buffer.byteLength(body),
    ...(bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` }),
  };
  return new Promise((resolve) => {
    const done = (status: number, said = '', told: IncomingHttpHeaders = {}): void => {
      clearTimeout(patience);
      const { 'retry-after': retryAfter, 'x-correlation-id': correlation } = told;
      const correlationId = typeof correlation === 'string' ? correlation : undefined;
      resolve({ status, body: parsed(said), retryAfter, correlationId, sentAt, doneAt: performance.now() });
    };
    const outgoing = request(`${origin}${path}`, { method: 'POST', headers, agent, localAddress: from });
    const patience = setTimeout(() => {
      done(-1);
      outgoing.destroy();
    }, PATIENCE_MS);
    outgoing.once('error', () => done(0));
    outgoing.once('response', (incoming) => {
      let said = '';
      incoming.on('data', (chunk: Buffer) => (said += chunk.toString()));
      incoming.once('error', () => done(0));
      incoming.once('end', () => done(incoming.statusCode ?? 0, said, incoming.headers));
    });
    outgoing.end(body);
  });
}

function parsed(said: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(said));
  } catch {
    return {};
  }
}
