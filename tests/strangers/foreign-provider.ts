import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { mock } from 'node:test';
import type { Provider } from 'oidc-provider';
import { generatePrivateJwk } from '../../src/oauth/jwk.ts';
import { PATIENCE } from './children.ts';

/** An identity provider that others wrote, running with its own development pages. */
export interface ForeignProvider {
  readonly issuer: string;
  /** Failures that are its own fault, or of what it was sent. */
  readonly failures: readonly unknown[];
  /** Resolves when it next emits this event; rejects when that takes too long. */
  next(event: string): Promise<void>;
  close(): Promise<void>;
}

const FAILURES = ['server_error', 'grant.error', 'pushed_authorization_request.error', 'revocation.error'];

/** Starts npm oidc-provider on a port of the system's choice, for these clients (RFC 7591 metadata). Close it, or the process stays. */
export async function startForeignProvider(
  clients: readonly Readonly<Record<string, unknown>>[],
): Promise<ForeignProvider> {
  const server = createServer();
  const issuer = `http://localhost:${await listen(server)}`;
  const provider = await makeProvider(issuer, clients);
  const failures: unknown[] = [];
  for (const name of FAILURES) provider.on(name, (_context, error) => failures.push(error));
  server.on('request', provider.callback());
  return {
    issuer,
    failures,
    next: (event) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`no ${event} in time`)), PATIENCE);
        provider.on(event, () => {
          clearTimeout(late);
          resolve();
        });
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function makeProvider(issuer: string, clients: readonly object[]): Promise<Provider> {
  const keys = await Promise.all([generatePrivateJwk('RS256', 'rsa'), generatePrivateJwk('ES256', 'ec')]);
  // It warns that its pages and its memory are not for production; here they are what is wanted.
  const quiet = mock.method(console, 'warn', () => undefined);
  try {
    const { Provider: Made } = await import('oidc-provider');
    return new Made(issuer, {
      clients,
      jwks: { keys },
      cookies: { keys: ['of these tests'] },
      ttl: { AccessToken: 600, Grant: 3600, IdToken: 600, Interaction: 600, RefreshToken: 3600, Session: 3600 },
      findAccount: (_context: unknown, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
      // The clock of the login proxy is moved to let a session grow old; the provider's is the machine's.
      clockTolerance: 300,
      issueRefreshToken: () => true,
      rotateRefreshToken: () => true,
      features: { devInteractions: { enabled: true }, revocation: { enabled: true } },
    });
  } finally {
    quiet.mock.restore();
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0 }, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('server has no port'));
      else resolve(address.port);
    });
  });
}
