import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import type { TestContext } from 'node:test';
import { bearer, selfSigned } from '../../src/exchange/testing/operators.ts';
import { CLIENTS, registrationBody } from '../../src/exchange/testing/registrations.ts';
import { createTestKeys, createWorld, defaultData } from '../../src/exchange/testing/world.ts';
import type { TestKeys, World } from '../../src/exchange/testing/world.ts';
import { CLIENT_ASSERTION_TYPE, GRANT, TOKEN_TYPE } from '../../src/oauth/client-assertion.ts';
import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';
import { assertLoopback } from '../loopback.ts';

/** A good request, to be spoilt. */
export interface Message {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: Readonly<Record<string, unknown>>;
}

/** A way to make one of the moment, and what it is answered. */
export interface Template {
  readonly name: string;
  readonly status: number;
  readonly make: () => Promise<Message>;
}

/** What came back. */
export interface Reply {
  readonly status: number;
  readonly text: string;
}

/** An exchange with every endpoint it has, and connections to it that are kept. */
export interface Target {
  readonly world: World;
  readonly keys: TestKeys;
  readonly operator: PrivateJwk;
  readonly templates: readonly Template[];
  send(message: Message, body?: Buffer): Promise<Reply>;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' };
const GETS = [
  '/jwks',
  '/.well-known/oauth-authorization-server',
  '/.well-known/openid-configuration',
  '/readyz',
  '/internal/isalive',
  '/internal/isready',
  '/metrics',
];

/** Opens one; it ends with the test. */
export async function openTarget(t: TestContext, workers?: number): Promise<Target> {
  const keys = await createTestKeys();
  const operator = await generatePrivateJwk('RS256', 'operator-1');
  const statementKeys = { keys: [publicJwk(operator)] };
  const data = defaultData(keys);
  const clients = data.clients.map((client) =>
    client.registration.provider === 'tokenx'
      ? {
          ...client,
          registration: { ...client.registration, grantTypes: ['token-exchange', 'client_credentials'] as const },
        }
      : client,
  );
  const world = await createWorld({
    keys,
    data: { clients },
    config: { operators: [selfSigned(operator, { statementKeys })] },
    ...(workers === undefined ? {} : { workers }),
  });
  assertLoopback(new URL(world.origin).hostname);
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  t.after(async () => {
    agent.destroy();
    await world.close();
  });
  return {
    world,
    keys,
    operator,
    templates: [...formTemplates(world), ...operatorTemplates(world, keys, operator), ...openTemplates()],
    send: (message, body) => send(world.origin, agent, { message, body: body ?? bodyOf(message) }),
  };
}

/** The bytes of a message as it stands. */
export function bodyOf({ form, json }: Message): Buffer {
  if (form !== undefined) return Buffer.from(new URLSearchParams(form).toString());
  return Buffer.from(json === undefined ? '' : JSON.stringify(json));
}

const post = (path: string, form: object): Message => ({ method: 'POST', path, headers: FORM_TYPE, form: { ...form } });

function formTemplates(world: World): readonly Template[] {
  const proof = async (app = 'dev:fleet:web'): Promise<object> => ({
    client_assertion_type: CLIENT_ASSERTION_TYPE,
    client_assertion: await world.assertion({ claims: { iss: app, sub: app } }),
  });
  const good = async (): Promise<Readonly<Record<string, string>>> =>
    Object.fromEntries(
      new URLSearchParams(await world.form({ subject_token: await world.subject({ claims: { jti: randomUUID() } }) })),
    );
  const about = async (path: string): Promise<Message> =>
    post(path, { ...(await proof('dev:fleet:api')), token: await world.subject(), token_type_hint: 'access_token' });
  return [
    { name: 'exchange', status: 200, make: async () => post('/token', await good()) },
    {
      name: 'client credentials',
      status: 200,
      make: async () =>
        post('/token', {
          grant_type: GRANT.clientCredentials,
          audience: 'dev:fleet:api',
          scope: '',
          ...(await proof()),
        }),
    },
    {
      name: 'exchange with everything',
      status: 400,
      make: async () =>
        post('/token', {
          ...(await good()),
          client_id: 'dev:fleet:web',
          requested_token_type: TOKEN_TYPE.accessToken,
          scope: 'les skriv',
          actor_token: await world.subject(),
          actor_token_type: TOKEN_TYPE.jwt,
        }),
    },
    { name: 'introspect', status: 200, make: () => about('/introspect') },
    { name: 'revoke', status: 200, make: () => about('/revoke') },
  ];
}

function operatorTemplates(world: World, keys: TestKeys, operator: PrivateJwk): readonly Template[] {
  const order = (
    [name, status]: readonly [string, number],
    [method, path]: readonly [string, string],
    json?: () => Promise<Readonly<Record<string, unknown>>>,
  ): Template => ({
    name,
    status,
    make: async () => ({
      method,
      path,
      headers: { ...(json === undefined ? {} : JSON_TYPE), authorization: `Bearer ${await bearer(world, operator)}` },
      ...(json === undefined ? {} : { json: await json() }),
    }),
  });
  const wish = { app: 'dev:fleet:new-api', statementKey: operator, clientKey: keys.client, inbound: ['dev:fleet:web'] };
  return [
    order(['explain', 200], ['POST', '/explain'], () =>
      Promise.resolve({
        caller: 'dev:fleet:web',
        target: 'dev:fleet:api',
        subjectIssuer: 'https://idp.example.test',
        scope: 'a b',
        grant: 'token-exchange',
      }),
    ),
    order(['revocation', 202], ['POST', '/admin/revocations'], () =>
      Promise.resolve({ kind: 'jti', value: 'none', idp: 'https://idp.example.test', notBefore: world.clock.now }),
    ),
    order(['rotation', 200], ['POST', '/admin/keys/rotate']),
    order(['key', 404], ['POST', '/admin/keys/none/revoke']),
    order(['replicas', 200], ['GET', '/admin/replicas']),
    order(['registration', 201], ['POST', CLIENTS], () => registrationBody(world, wish)),
    order(['clients', 200], ['GET', CLIENTS]),
    order(['client', 200], ['GET', `${CLIENTS}/dev%3Afleet%3Anew-api`]),
    order(['removal', 204], ['DELETE', `${CLIENTS}/dev%3Afleet%3Aother-api`]),
  ];
}

function openTemplates(): readonly Template[] {
  return GETS.map((path) => ({
    name: path,
    status: 200,
    make: () => Promise.resolve({ method: 'GET', path, headers: { accept: '*/*', 'if-none-match': '"x"' } }),
  }));
}

function send(
  origin: string,
  agent: Agent,
  { message, body }: { readonly message: Message; readonly body: Buffer },
): Promise<Reply> {
  const { method, path, headers } = message;
  return new Promise((resolve, reject) => {
    const sized =
      method === 'GET' || method === 'HEAD' ? headers : { ...headers, 'content-length': String(body.length) };
    const outgoing = request(origin, { method, path, headers: sized, agent });
    outgoing.once('error', reject).once('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk)).once('error', reject);
      incoming.once('end', () =>
        resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString('latin1') }),
      );
    });
    outgoing.end(method === 'GET' || method === 'HEAD' ? undefined : body);
  });
}
