import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { mock } from 'node:test';
import type { Provider } from 'oidc-provider';
import { generatePrivateJwk } from '../../src/oauth/jwk.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';
import { PATIENCE } from './children.ts';
import { createForeignMemory } from './foreign-memory.ts';

/** An identity provider that others wrote, running with its own development pages. */
export interface ForeignProvider {
  readonly issuer: string;
  /** Failures that are its own fault, or of what it was sent. */
  readonly failures: unknown[];
  /** Resolves when it next emits this event; rejects when that takes too long. */
  next(event: string): Promise<void>;
  /** Signs with new keys from now on, under the same issuer; the old ones stay published behind them. */
  rotateKeys(): Promise<void>;
  close(): Promise<void>;
}

const FAILURES = [
  'server_error',
  'grant.error',
  'pushed_authorization_request.error',
  'revocation.error',
  'backchannel.error',
];

/** From weak to strong. A sign-in reaches one by {@link signInAs}; a session below what is asked for is asked to sign in again. */
export const LEVELS = ['bronze', 'silver', 'gold'] as const;

/** Where on the provider's sign-in page somebody has signed in as `account`, at this level. */
export function signInAs(loginPage: string, account: string, level: (typeof LEVELS)[number]): string {
  return `${loginPage}/as/${account}/${level}`;
}

/** Starts npm oidc-provider on a port of the system's choice, for these clients (RFC 7591 metadata). Close it, or the process stays. */
export async function startForeignProvider(
  clients: readonly Readonly<Record<string, unknown>>[],
): Promise<ForeignProvider> {
  const server = createServer();
  const issuer = `http://localhost:${await listen(server)}`;
  const adapter = createForeignMemory();
  const failures: unknown[] = [];
  const waiting = new Map<string, Set<() => void>>();
  let [keys, generation] = [await makeKeys(0), 0];
  const start = async (): Promise<Provider> => {
    const made = await makeProvider(issuer, { adapter, clients, jwks: { keys } });
    for (const name of FAILURES) made.on(name, (_context, error) => failures.push(error));
    for (const name of WAITED)
      made.on(name, () => {
        for (const resolve of waiting.get(name) ?? []) resolve();
      });
    return made;
  };
  let provider = await start();
  server.on('request', (incoming, outgoing) => answer(provider, incoming, outgoing));
  return {
    issuer,
    failures,
    next: (event) => {
      if (!WAITED.includes(event)) throw new Error(`nobody listens for ${event}`);
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`no ${event} in time`)), PATIENCE);
        const those = waiting.get(event) ?? new Set();
        waiting.set(event, those);
        const done = (): void => {
          clearTimeout(late);
          those.delete(done);
          resolve();
        };
        those.add(done);
      });
    },
    rotateKeys: async () => {
      generation += 1;
      keys = [...(await makeKeys(generation)), ...keys];
      provider = await start();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const WAITED: readonly string[] = ['grant.revoked', 'backchannel.success'];

async function makeKeys(generation: number): Promise<PrivateJwk[]> {
  const [rsa, ...rest] = await Promise.all([
    generatePrivateJwk('RS256', `rsa-${generation}`),
    generatePrivateJwk('ES256', `ec-${generation}`),
    generatePrivateJwk('EdDSA', `ed-${generation}`),
  ]);
  return [rsa, { ...rsa, alg: 'PS256', kid: `pss-${generation}` }, ...rest];
}

/** Its own answer, save for the address at which a sign-in reaches a level: its development pages know none. */
function answer(provider: Provider, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const [, accountId, acr] = /^\/interaction\/[^/]+\/as\/(\w+)\/(\w+)$/.exec(incoming.url ?? '') ?? [];
  if (accountId === undefined || acr === undefined) return provider.callback()(incoming, outgoing);
  const result = { login: { accountId, acr } };
  provider.interactionFinished(incoming, outgoing, result, { mergeWithLastSubmission: false }).catch((error) => {
    outgoing.writeHead(500).end(String(error));
  });
}

async function makeProvider(issuer: string, own: object): Promise<Provider> {
  // It warns that its pages and its memory are not for production; here they are what is wanted.
  const quiet = mock.method(console, 'warn', () => undefined);
  try {
    const { interactionPolicy, Provider: Made } = await import('oidc-provider');
    const policy = interactionPolicy.base();
    policy.get('login').checks.add(
      new interactionPolicy.Check('level', 'a higher level is asked for', 'interaction_required', ({ oidc }) => {
        const asked = oidc.params['acr_values']?.split(' ') ?? [];
        const needed = Math.min(...asked.map((each) => levelOf(each)));
        return asked.length > 0 && levelOf(oidc.session?.acr) < needed;
      }),
    );
    return new Made(issuer, {
      ...own,
      cookies: { keys: ['of these tests'] },
      ttl: { AccessToken: 600, Grant: 3600, IdToken: 600, Interaction: 600, RefreshToken: 3600, Session: 3600 },
      findAccount: (_context: unknown, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
      // The clock of the login proxy is moved to let a session grow old; the provider's is the machine's.
      clockTolerance: 300,
      // Its own refuses to call this machine, where the clients of tests are.
      fetch: (url: string, { method, headers, body, signal }: Outgoing) =>
        fetch(url, { method, headers, body, signal }),
      issueRefreshToken: () => true,
      rotateRefreshToken: () => true,
      acrValues: LEVELS,
      interactions: { policy },
      enabledJWA: {
        clientAuthSigningAlgValues: ASYMMETRIC,
        idTokenSigningAlgValues: ASYMMETRIC,
      },
      features: {
        devInteractions: { enabled: true },
        revocation: { enabled: true },
        backchannelLogout: { enabled: true },
      },
    });
  } finally {
    quiet.mock.restore();
  }
}

/** A call of its own: always a POST to a client. */
type Outgoing = Required<Pick<RequestInit, 'method' | 'headers' | 'body' | 'signal'>>;

const ASYMMETRIC = ['RS256', 'PS256', 'ES256', 'EdDSA'];

function levelOf(acr: string | undefined): number {
  return LEVELS.findIndex((each) => each === acr);
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
