import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { ensurePrivateCa } from '../../src/idp/keys/ca.ts';
import { PERSONA_NAMES } from '../../src/idp/persona-names.ts';
import { openControlOf } from '../../src/idp/testing/control.ts';
import type { Control } from '../../src/idp/testing/control.ts';
import { registerIdporten } from '../../src/idp/testing/idporten-clients.ts';
import { providerOf } from '../../src/idp/testing/openid.ts';
import { openWorld } from '../../src/idp/testing/world.ts';
import { assertLoopback } from '../loopback.ts';
import { liveValues } from './60-idp-live.ts';
import type { Sources } from './60-idp-live.ts';

/** An answer gives back a `state` of any legal size. */
const MAX_ANSWER_HEADER_BYTES = 512 * 1024;

/** A client of ID-porten that may introspect. */
export const WATCHER = 'watcher-id';
/** A scope of the client at the persona for machines. */
export const MACHINE_SCOPE = 'machine:read';

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
export interface Providers extends Sources {
  readonly control: Control;
  /** Registers the clients of generic personas. */
  readonly register: () => void;
  /** Values of real flows, by name; made anew. */
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
      scope: MACHINE_SCOPE,
    });
  };
  register();
  registerIdporten(world, 'watcher', { scopes: ['openid', 'idporten:token.introspection'] });
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
