import { randomUUID } from 'node:crypto';
import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';
import type { Registry } from '../../src/registry/contract.ts';
import { exchangeForm } from '../../src/exchange/testing/requests.ts';
import { idportenClient, testApp, testClient, testGrant } from '../../src/exchange/testing/rows.ts';
import { sign } from '../../src/exchange/testing/world.ts';
import { until } from '../until.ts';

/** The issuer of the fleet's tokens, and of its users'. */
export const ISSUER = 'https://tx.example.test';
const IDP = 'https://idp.example.test';

/** A few applications with keys, real clocks, and the requests they make of a TokenX process. */
export interface Fleet {
  readonly client: PrivateJwk;
  readonly idp: PrivateJwk;
  /** `FULLMAKT_EXCHANGE_…` by which a server trusts the fleet's identity provider. */
  readonly settings: Readonly<Record<string, string>>;
  /** Puts the applications into an empty registry: web may call api, api may call store. */
  register(registry: Registry): Promise<void>;
  assertion(claims?: Readonly<Record<string, unknown>>): Promise<string>;
  subject(claims?: Readonly<Record<string, unknown>>): Promise<string>;
  /** A good request with these parameters changed; undefined leaves one out. */
  form(parameters?: Readonly<Record<string, string | undefined>>): Promise<URLSearchParams>;
  exchange(origin: string, parameters?: Readonly<Record<string, string | undefined>>): Promise<FleetAnswer>;
  /** Waits until a server that has just started gives a token. */
  served(origin: string): Promise<void>;
}

interface FleetAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const NAMES = ['web', 'api', 'store', 'lonely'];

/** Makes keys and everything that goes with them. */
export async function createFleet(): Promise<Fleet> {
  const [client, idp] = await Promise.all([
    generatePrivateJwk('ES256', 'client-1'),
    generatePrivateJwk('RS256', 'idp-1'),
  ]);
  const issuer = { name: 'idporten', issuer: IDP, jwks: { keys: [publicJwk(idp)] }, bind: { clientId: '@registry' } };
  const assertion: Fleet['assertion'] = (claims = {}) => {
    const iat = Math.floor(Date.now() / 1000);
    const id = 'dev:fleet:web';
    return sign({ iss: id, sub: id, aud: ISSUER, jti: randomUUID(), iat, exp: iat + 60, ...claims }, client);
  };
  const subject: Fleet['subject'] = (claims = {}) => {
    const iat = Math.floor(Date.now() / 1000) - 5;
    const base = {
      iss: IDP,
      sub: 'u-81',
      client_id: 'login-client',
      sid: 's-5',
      jti: randomUUID(),
      iat,
      exp: iat + 600,
    };
    return sign({ ...base, ...claims }, idp);
  };
  const form: Fleet['form'] = (parameters) => exchangeForm({ assertion, subject }, parameters);
  const exchange: Fleet['exchange'] = async (origin, parameters) => {
    const response = await fetch(`${origin}/token`, { method: 'POST', body: await form(parameters) });
    const body: Record<string, unknown> = Object(await response.json());
    return { status: response.status, body };
  };
  return {
    client,
    idp,
    settings: { FULLMAKT_EXCHANGE_ISSUER: ISSUER, FULLMAKT_EXCHANGE_ISSUERS: JSON.stringify([issuer]) },
    async register(registry) {
      const jwks = [publicJwk(client)];
      const done = await registry.commit(registry.snapshot().version, {
        putApps: NAMES.map((name) => testApp(name)),
        putClients: [...NAMES.map((name) => testClient(name, jwks)), idportenClient('web', 'login-client')],
        replaceGrants: [testGrant('web', 'api'), testGrant('api', 'store')].map((grant) => ({
          target: grant.target,
          grants: [grant],
        })),
      });
      if (done !== 'ok') throw new Error('the registry was not empty');
    },
    assertion,
    subject,
    form,
    exchange,
    async served(origin) {
      // A new memory of used assertions believes none that is older than itself, and `iat` is a whole second. Until the next one begins
      // nothing is asked: what is refused counts against the client.
      const second = Math.floor(Date.now() / 1000);
      await until(() => Date.now() / 1000 >= second + 1);
      await until(async () => (await exchange(origin)).status === 200, 'a token');
    },
  };
}
