import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { loopbackFetch } from '../loopback.ts';
import type { Oracle, SeenIdentity } from './oracle.ts';

const MAX_REPORT = 64 * 1024;

/** Where upstream test apps in other processes report what reached them. */
export interface OracleService {
  /** Where to report to; see `reportTo`. */
  readonly url: string;
  close(): Promise<void>;
}

/** Listens on this machine, on a port of the system's choice, and passes reports on to the oracle. */
export async function serveOracle(oracle: Oracle): Promise<OracleService> {
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    const report = body.length > MAX_REPORT ? undefined : parseReport(body);
    if (report !== undefined) oracle.observed(report.requestId, report.identity);
    response.writeHead(report === undefined ? 400 : 204).end();
  };
  const server = createServer((request, response) => {
    take(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the oracle has no port');
  return {
    url: `http://127.0.0.1:${address.port}/observed`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Tells the oracle at `url` what reached an app; rejects when the oracle did not take it. */
export async function reportTo(url: string, requestId: string, identity: SeenIdentity): Promise<void> {
  const response = await loopbackFetch(url, { method: 'POST', body: JSON.stringify({ requestId, identity }) });
  if (response.status !== 204) throw new Error(`the oracle answered ${response.status}`);
}

function parseReport(body: string): { requestId: string; identity: SeenIdentity } | undefined {
  try {
    const report: unknown = JSON.parse(body);
    if (!isObject(report) || typeof report['requestId'] !== 'string' || !isObject(report['identity'])) return undefined;
    const { sub, aud, client, acr, issuedAt } = report['identity'];
    return {
      requestId: report['requestId'],
      identity: {
        ...(typeof sub === 'string' && { sub }),
        ...(typeof aud === 'string' && { aud }),
        ...(Array.isArray(aud) && { aud: aud.map(String) }),
        ...(typeof client === 'string' && { client }),
        ...(typeof acr === 'string' && { acr }),
        ...(typeof issuedAt === 'number' && { issuedAt }),
      },
    };
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
