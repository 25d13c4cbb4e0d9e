import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { TestContext } from 'node:test';
import { CLIENT_ASSERTION_TYPE, GRANT, TOKEN_TYPE } from '../../src/oauth/client-assertion.ts';
import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';
import type { FaultAnswer, FaultPeer } from '../../src/exchange/testing/legacy-faults.ts';
import { sign } from '../../src/exchange/testing/world.ts';
import type { Change } from '../../src/exchange/testing/world.ts';

/** Who the registrar says it is, and what its tokens have in `aud`. */
export const REGISTRAR = 'jwker';

/** Keys of everybody around a server: its registrar, its client, its users' issuer, and nobody it knows. */
export interface LegacyKeys {
  readonly registrar: PrivateJwk;
  readonly client: PrivateJwk;
  readonly idp: PrivateJwk;
  readonly stranger: PrivateJwk;
}

/** A server and those who call it as they were built for tokendings. */
export interface LegacyPeer extends FaultPeer {
  /** Registers an app of `dev:fleet`, as the registrar does: a token for years, a statement without dates. */
  register(name: string, inbound: readonly string[]): Promise<FaultAnswer>;
  clients(): Promise<FaultAnswer>;
  post(path: string, parameters: Readonly<Record<string, string | undefined>>): Promise<FaultAnswer>;
}

/** Makes the keys; the registrar's may be one that a server knows already. */
export async function legacyKeys(registrar?: PrivateJwk): Promise<LegacyKeys> {
  const [own, client, idp, stranger] = await Promise.all(
    [REGISTRAR, 'client-1', 'idp-1', 'stranger-1'].map((kid) => generatePrivateJwk('RS256', kid)),
  );
  if (!own || !client || !idp || !stranger) throw new Error('keys could not be made');
  return { registrar: registrar ?? own, client, idp, stranger };
}

/** A users' issuer on this machine, until the test ends; its address. */
export async function startIdp(t: TestContext, idp: PrivateJwk, port = 0): Promise<string> {
  let origin = '';
  const server = createServer((request, response) => {
    response.setHeader('Content-Type', 'application/json');
    const document = { issuer: origin, jwks_uri: `${origin}/jwks` };
    response.end(JSON.stringify(request.url === '/jwks' ? { keys: [publicJwk(idp)] } : document));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  t.after(() => server.close());
  t.after(() => server.closeAllConnections());
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  return origin;
}

const now = (): number => Math.floor(Date.now() / 1000);

/** The callers of a server at `origin` that calls itself `issuer`. */
export function legacyPeer(
  origin: string,
  { issuer, idp, keys }: { readonly issuer: string; readonly idp: string; readonly keys: LegacyKeys },
): LegacyPeer {
  const assertion = ({ claims, header, key = keys.client }: Change = {}): Promise<string> => {
    const id = 'dev:fleet:web';
    const times = { iat: now(), nbf: now(), exp: now() + 60 };
    return sign({ iss: id, sub: id, aud: `${issuer}/token`, jti: randomUUID(), ...times, ...claims }, key, header);
  };
  const subject = ({ claims, header, key = keys.idp }: Change = {}): Promise<string> => {
    const times = { iat: now() - 5, exp: now() + 600 };
    return sign({ iss: idp, sub: 'u-81', aud: 'anybody', jti: randomUUID(), ...times, ...claims }, key, header);
  };
  const ask = async (path: string, init: RequestInit = {}): Promise<FaultAnswer> => {
    const response = await fetch(`${origin}${path}`, init);
    const text = await response.text();
    const body: Record<string, unknown> = text.startsWith('{') ? Object(JSON.parse(text)) : {};
    return { status: response.status, text, body, headers: Object.fromEntries(response.headers) };
  };
  const bearer = async (): Promise<string> => {
    const claims = { iss: REGISTRAR, sub: REGISTRAR, aud: REGISTRAR, nbf: 1, exp: now() + 50_457_600 };
    return `Bearer ${await sign({ ...claims, jti: randomUUID() }, keys.registrar)}`;
  };
  const post: LegacyPeer['post'] = async (path, parameters) => {
    const all: Readonly<Record<string, string | undefined>> = {
      client_assertion_type: CLIENT_ASSERTION_TYPE,
      ...('client_assertion' in parameters ? {} : { client_assertion: await assertion() }),
      ...parameters,
    };
    const pairs = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
    return ask(path, { method: 'POST', body: new URLSearchParams(pairs) });
  };
  return {
    keys,
    now,
    assertion,
    subject,
    post,
    exchange: async (parameters) =>
      post('/token', {
        grant_type: GRANT.tokenExchange,
        subject_token_type: TOKEN_TYPE.jwt,
        ...('subject_token' in parameters ? {} : { subject_token: await subject() }),
        audience: 'dev:fleet:api',
        ...parameters,
      }),
    async register(name, inbound) {
      const appId = `dev:fleet:${name}`;
      const statement = { appId, accessPolicyInbound: inbound, accessPolicyOutbound: [] };
      const body = {
        client_name: appId,
        jwks: { keys: [{ ...publicJwk(keys.client), use: 'sig', alg: 'RS256' }] },
        software_statement: await sign(statement, keys.registrar),
        scopes: null,
        grant_types: [GRANT.tokenExchange],
      };
      const headers = { Authorization: await bearer(), 'Content-Type': 'application/json' };
      return ask('/registration/client', { method: 'POST', headers, body: JSON.stringify(body) });
    },
    clients: async () => ask('/registration/client', { headers: { Authorization: await bearer() } }),
  };
}
