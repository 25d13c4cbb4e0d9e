import { GRANT } from '../../oauth/client-assertion.ts';
import { publicJwk } from '../../oauth/jwk.ts';
import type { App, Client, Grant, TokenxSpec } from '../../registry/model.ts';
import { createTestKeys, createWorld, idportenClient, testApp, testClient, testGrant } from './world.ts';
import type { Answer, TestKeys, World } from './world.ts';

type Parameters = Readonly<Record<string, string | undefined>>;

/** Applications that ask for tokens of their own. */
export interface Machines {
  readonly keys: TestKeys;
  readonly world: World;
  readonly appOf: (name: string) => App;
  readonly clientOf: (name: string) => Client;
  /** Asks with client credentials as `from`. */
  readonly ask: (from: string, parameters?: Parameters, at?: World) => Promise<Answer>;
  /** Exchanges a token as `from`. */
  readonly hop: (from: string, to: string, token: string, scope?: string) => Promise<Answer>;
}

const BOTH = { token: {}, grantTypes: ['token-exchange', 'client_credentials'] } as const;
/** What the manifests of these apps say of TokenX. */
const SPECS: Readonly<Record<string, TokenxSpec>> = {
  batch: { ...BOTH, defaultAudience: 'dev:fleet:api' },
  plain: BOTH,
  only: { token: {}, grantTypes: ['client_credentials'], defaultAudience: 'dev:fleet:gone' },
  none: { token: {}, grantTypes: [] },
  web: { token: {} },
  api: BOTH,
  store: { token: {} },
  strict: { token: { typ: 'at+jwt', alg: 'RS256', ttl: 60, azp: false, claims: ['pid'], maxSession: 60 } },
  echo: { token: { scope: 'echo' } },
  picky: { token: {}, subjectIssuers: ['idporten'] },
  ours: { token: {}, subjectIssuers: ['tokenx'] },
  off: { token: {} },
};

/** Opens them. Whoever does closes their world. */
export async function openMachines(): Promise<Machines> {
  const keys = await createTestKeys();
  const jwks = [publicJwk(keys.client)];
  const clientOf = (name: string): Client => ({
    ...testClient(name, jwks),
    registration: { provider: 'tokenx', ...(SPECS[name] ?? { token: {} }) },
  });
  const world = await createWorld({
    keys,
    data: {
      apps: Object.keys(SPECS).map(appOf),
      clients: [...Object.keys(SPECS).map(clientOf), idportenClient('web', 'login-client')],
      grants: [
        grant('batch', 'api', ['les', 'skriv'], ['batch', 'nattlig']),
        ...['plain', 'only', 'none', 'web'].map((name) => grant(name, 'api', [])),
        ...['store', 'picky', 'ours'].map((name) => grant('api', name, ['les', 'slett'])),
        ...['strict', 'echo', 'off', 'picky', 'plain'].map((name) => grant('batch', name, [])),
        grant('plain', 'plain', []),
        testGrant('*', 'store'),
      ],
    },
  });
  return {
    keys,
    world,
    appOf,
    clientOf,
    ask: async (from, parameters = {}, at = world) =>
      at.exchange({
        grant_type: GRANT.clientCredentials,
        client_assertion: await at.assertion(claimsOfApp(from)),
        subject_token: undefined,
        subject_token_type: undefined,
        audience: undefined,
        ...parameters,
      }),
    hop: async (from, to, token, scope) => {
      const client_assertion = await world.assertion(claimsOfApp(from));
      return world.exchange({ client_assertion, subject_token: token, audience: `dev:fleet:${to}`, scope });
    },
  };
}

function appOf(name: string): App {
  const app = testApp(name, name === 'off' ? { state: 'disabled' } : {});
  const ingresses = name === 'api' ? ['https://api.example.test/app'] : [];
  return { ...app, spec: { ...app.spec, ingresses, tokenx: SPECS[name] ?? { token: {} } } };
}

function grant(from: string, to: string, scopes: readonly string[], roles: readonly string[] = []): Grant {
  return { ...testGrant(from, to, scopes), roles };
}

function claimsOfApp(name: string): { readonly claims: Readonly<Record<string, string>> } {
  return { claims: { iss: `dev:fleet:${name}`, sub: `dev:fleet:${name}` } };
}
