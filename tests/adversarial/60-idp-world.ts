import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { ensurePrivateCa } from '../../src/idp/keys/ca.ts';
import { PERSONA_NAMES } from '../../src/idp/persona-names.ts';
import { openControlOf } from '../../src/idp/testing/control.ts';
import type { Control } from '../../src/idp/testing/control.ts';
import { APP, basic, providerOf, SECRET } from '../../src/idp/testing/openid.ts';
import type { Provider } from '../../src/idp/testing/openid.ts';
import { CLIENTS } from '../../src/idp/testing/rows.ts';
import {
  askToken,
  authorizeUrl,
  codeAt,
  DESK_CALLBACK,
  employeeTokens,
  PID,
  redeem,
  redirected,
  VERIFIER,
  visit,
} from '../../src/idp/testing/sign-in.ts';
import type { Jar } from '../../src/idp/testing/sign-in.ts';
import { entraUrl } from '../../src/idp/testing/entra.ts';
import { ISSUERS, openWorld } from '../../src/idp/testing/world.ts';
import type { World } from '../../src/idp/testing/world.ts';
import { assertLoopback } from '../loopback.ts';

/** An answer gives back a `state` of any legal size. */
const MAX_ANSWER_HEADER_BYTES = 512 * 1024;

/** A listener, as cases name it. */
const LISTENERS = [
  'ID-porten',
  'ID-porten login',
  'Entra ID',
  'Entra ID (http)',
  'Graph',
  'Maskinporten',
  'OpenID',
  'OIDF basic',
  'OIDF FAPI 2.0',
  'OIDF client credentials',
  'Control API',
] as const;

/** One of {@link LISTENERS}. */
export type ListenerName = (typeof LISTENERS)[number];

/** What a request gets back. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** A message as it goes out. */
export interface Message {
  readonly at: ListenerName;
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer | undefined;
}

/** Local providers with every persona, and connections to all their listeners. */
export interface Providers {
  readonly world: World;
  readonly control: Control;
  /** The control API's token. */
  readonly token: string;
  readonly openid: Provider;
  readonly oidfBasic: Provider;
  readonly fapi: Provider;
  readonly machines: Provider;
  /** Values of real flows, by name; made anew. */
  /** Registers the clients of generic personas. */
  readonly register: () => void;
  readonly live: () => Promise<ReadonlyMap<string, string>>;
  readonly send: (message: Message) => Promise<Reply>;
  close(): Promise<void>;
}

/** Starts every persona, with clients at all of them. */
export async function openProviders(): Promise<Providers> {
  const world = await openWorld({ personas: PERSONA_NAMES });
  const { caPem } = await ensurePrivateCa(world.stateDir, Date.now() / 1000);
  for (const name of LISTENERS) assertLoopback(new URL(world.listener(name).origin).hostname);
  const plain = new http.Agent({ keepAlive: true, maxSockets: 8 });
  const secure = new https.Agent({ keepAlive: true, maxSockets: 8, secureContext: createSecureContext({ ca: caPem }) });
  const [openid, oidfBasic, fapi, machines] = await Promise.all([
    providerOf(world, 'openid'),
    providerOf(world, 'oidf-basic'),
    providerOf(world, 'oidf-fapi2'),
    providerOf(world, 'oidf-cc'),
  ]);
  const register = (): void => {
    for (const provider of [openid, oidfBasic]) {
      provider.register('web', { token_endpoint_auth_method: 'client_secret_basic' });
      provider.register('post', { token_endpoint_auth_method: 'client_secret_post' });
    }
    openid.register('key', { token_endpoint_auth_method: 'private_key_jwt' });
    fapi.register('web', { token_endpoint_auth_method: 'private_key_jwt', client_secret: undefined });
    machines.register('web', {
      token_endpoint_auth_method: 'private_key_jwt',
      client_secret: undefined,
      redirect_uris: undefined,
      grant_types: ['client_credentials'],
    });
  };
  register();
  const token = (await readFile(join(world.stateDir, 'control-token'), 'utf8')).trim();
  const control = await openControlOf(world);
  return {
    world,
    control,
    token,
    openid,
    oidfBasic,
    fapi,
    machines,
    register,
    live: () => liveValues({ world, openid, oidfBasic, fapi, machines, token }),
    send: (message) => exchange(world.listener(message.at).origin, message, { plain, secure }),
    close: async () => {
      plain.destroy();
      secure.destroy();
      await world.close();
    },
  };
}

function exchange(
  origin: string,
  { method, target, headers, body }: Message,
  { plain, secure }: { readonly plain: http.Agent; readonly secure: https.Agent },
): Promise<Reply> {
  const { protocol, hostname, port } = new URL(origin);
  const to = { hostname, port, method, path: target, headers, maxHeaderSize: MAX_ANSWER_HEADER_BYTES };
  return new Promise((resolve, reject) => {
    const read = (answer: http.IncomingMessage): void => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
      answer.on('error', reject);
    };
    const request =
      protocol === 'https:'
        ? https.request({ ...to, agent: secure, servername: 'localhost' }, read)
        : http.request({ ...to, agent: plain }, read);
    request.on('error', reject);
    request.end(body);
  });
}

type Values = Readonly<Record<string, string | null | undefined>>;

async function liveValues(
  all: Omit<Providers, 'control' | 'register' | 'live' | 'send' | 'close'>,
): Promise<ReadonlyMap<string, string>> {
  const { world, openid, oidfBasic, fapi, machines, token } = all;
  const jar: Jar = new Map();
  const proof = await machines.proof('web');
  const machine = await machines.post('/token', { ...proof, client_id: 'web', grant_type: 'client_credentials' });
  const texts: Values = {
    ...(await idportenValues(world, jar)),
    ...(await entraValues(world, jar)),
    ...(await genericValues('openid', openid, jar)),
    ...(await genericValues('oidf', oidfBasic, jar)),
    ...(await fapiValues(fapi, jar)),
    'machine-access': textOf(machine.body['access_token']),
    basic: basic('web')['authorization'],
    secret: SECRET,
    pid: PID,
    control: token,
    issuer: ISSUERS.idporten,
    callback: DESK_CALLBACK,
    // After all the others: every page adds to them.
    cookies: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
  };
  return new Map(Object.entries(texts).map(([name, value]) => [name, value ?? '']));
}

async function idportenValues(world: World, jar: Jar): Promise<Values> {
  const { body } = await askToken(world, redeem(await codeAt(world)));
  const jwks = await (await world.fetch(`${ISSUERS.idporten}/jwks.json`)).text();
  return {
    code: await codeAt(world, {}, jar),
    transaction: await transactionOf(world, jar, authorizeUrl({ prompt: 'login' })),
    kid: /"kid":"([^"]+)"/.exec(jwks)?.[1],
    ...tokens('', body),
  };
}

async function entraValues(world: World, jar: Jar): Promise<Values> {
  const desk = await employeeTokens(world, `openid offline_access ${CLIENTS.middle}/.default`);
  const graph = await employeeTokens(world, 'openid');
  return {
    'entra-code': redirected(await world.fetch(entraUrl({}))).get('code'),
    'entra-transaction': await transactionOf(world, jar, entraUrl({ login_hint: '', prompt: 'login' })),
    'graph-access': textOf(graph.body['access_token']),
    ...tokens('entra-', desk.body),
  };
}

async function genericValues(name: string, provider: Provider, jar: Jar): Promise<Values> {
  const { body } = await provider.redeem((await provider.signIn({ scope: 'openid offline_access' }, jar)).get('code'));
  return {
    [`${name}-code`]: (await provider.signIn({}, jar)).get('code'),
    [`${name}-transaction`]: await transactionOf(provider.world, jar, provider.authorizeUrl({ prompt: 'login' })),
    ...tokens(`${name}-`, body),
  };
}

async function fapiValues(fapi: Provider, jar: Jar): Promise<Values> {
  const asked = Object.fromEntries(new URL(fapi.authorizeUrl({ login_hint: `testid:${PID}` })).searchParams);
  const push = async (): Promise<string> => {
    return String((await fapi.post('/par', { ...asked, ...(await fapi.proof('web')) })).body['request_uri']);
  };
  const codeOf = async (): Promise<string> => {
    const query = new URLSearchParams({ client_id: 'web', request_uri: await push() });
    return redirected(await visit(fapi.world, jar, `${fapi.issuer}/authorize?${query.toString()}`)).get('code') ?? '';
  };
  const redeemed = await fapi.post('/token', {
    grant_type: 'authorization_code',
    code: await codeOf(),
    redirect_uri: APP,
    code_verifier: VERIFIER,
    ...(await fapi.proof('web')),
  });
  return { 'fapi-pushed': await push(), 'fapi-code': await codeOf(), ...tokens('fapi-', redeemed.body) };
}

function tokens(prefix: string, body: Readonly<Record<string, unknown>>): Values {
  return Object.fromEntries(
    (['access', 'id', 'refresh'] as const).map((kind) => [`${prefix}${kind}`, textOf(body[`${kind}_token`])]),
  );
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

async function transactionOf(world: World, jar: Jar, url: string): Promise<string | undefined> {
  return /name="transaction" value="([^"]+)"/.exec(await (await visit(world, jar, url)).text())?.[1];
}
