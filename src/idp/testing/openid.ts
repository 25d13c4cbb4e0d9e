import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { PersonaName } from '../persona-names.ts';
import { openidClients } from '../control/client-openid.ts';
import type { SigningKey } from '../../oauth/jwk.ts';
import { signJws } from '../../oauth/jws.ts';
import { isJsonObject } from '../../oauth/objects.ts';
import { codeChallenge } from '../../oauth/pkce.ts';
import { foreignKey } from './keys.ts';
import { PID, redirected, VERIFIER, visit } from './sign-in.ts';
import type { Jar } from './sign-in.ts';
import { ASSERTION_TYPE, form, ISSUERS } from './world.ts';
import type { FormRequest, World } from './world.ts';

/** The redirect URI of every client here. */
export const APP = 'https://app.example.test/callback';
/** Where clients want people back after signing out. */
export const GOODBYE = 'https://app.example.test/goodbye';
/** The secret of those that have one. */
export const SECRET = 'a secret: with +, % and ø';

type Texts = Readonly<Record<string, string>>;

/** An answer of a JSON endpoint. */
export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
}

/** One generic persona of a world, and clients at it. */
export interface Provider {
  readonly world: World;
  readonly issuer: string;
  readonly key: SigningKey;
  /** Registers a client by its wire names; `redirect_uris` and a secret are there unless told. */
  readonly register: (id: string, metadata?: Readonly<Record<string, unknown>>) => void;
  /** An authorization URL of client `web`; parameters given as '' are left out. */
  readonly authorizeUrl: (parameters?: Texts) => string;
  /** Visits the authorization endpoint with a jar. */
  readonly visit: (jar: Jar, parameters?: Texts) => Promise<Response>;
  /** Signs in headless, and gives the answer's parameters. */
  readonly signIn: (parameters?: Texts, jar?: Jar) => Promise<URLSearchParams>;
  /** Posts a form to an endpoint. */
  readonly post: (path: string, fields: Texts, headers?: Texts) => Promise<Answer>;
  /** Redeems a code as a client with a secret in the header. */
  readonly redeem: (code: string | null, fields?: Texts, client?: string) => Promise<Answer>;
  /** Form fields of a client that proves itself by key. */
  readonly proof: (client: string, claims?: Readonly<Record<string, unknown>>, key?: SigningKey) => Promise<Texts>;
  readonly fetch: (path: string, init?: RequestInit | FormRequest) => Promise<Response>;
}

const ISSUER_OF: Readonly<Partial<Record<PersonaName, string>>> = {
  openid: ISSUERS.openid,
  'oidf-basic': ISSUERS.oidfBasic,
  'oidf-fapi2': ISSUERS.oidfFapi2,
  'oidf-cc': ISSUERS.oidfCc,
};

/** A persona of a running world; its clients' key is made for `alg`. */
export async function providerOf(
  world: World,
  persona: PersonaName,
  alg: 'ES256' | 'PS256' = 'ES256',
): Promise<Provider> {
  const issuer = ISSUER_OF[persona] ?? '';
  const key = await foreignKey('app-key', alg);
  const good = (client: string): Record<string, unknown> => {
    const { now } = world.clock;
    return { iss: client, sub: client, aud: issuer, iat: now, nbf: now, exp: now + 60, jti: randomUUID() };
  };
  const provider = {
    world,
    issuer,
    key,
    register: (id: string, metadata: Readonly<Record<string, unknown>> = {}) => {
      const read = openidClients.read({ ...defaults(id, key), ...metadata }, { persona, source: 'api' });
      assert.ok(read.ok, JSON.stringify(read));
      world.idp.clients.put(read.client);
    },
    authorizeUrl: (parameters: Texts = {}) => `${issuer}/authorize?${query(parameters)}`,
    visit: (jar: Jar, parameters: Texts = {}) => visit(world, jar, `${issuer}/authorize?${query(parameters)}`),
    signIn: async (parameters: Texts = {}, jar: Jar = new Map()) =>
      redirected(
        await visit(world, jar, `${issuer}/authorize?${query({ login_hint: `testid:${PID}`, ...parameters })}`),
      ),
    post: async (path: string, fields: Texts, headers: Texts = {}) =>
      await answerOf(await world.fetch(`${issuer}${path}`, form(fields, headers))),
    redeem: async (code: string | null, fields: Texts = {}, client = 'web') =>
      await provider.post(
        '/token',
        kept({
          grant_type: 'authorization_code',
          code: code ?? '',
          redirect_uri: APP,
          code_verifier: VERIFIER,
          ...fields,
        }),
        basic(client),
      ),
    proof: async (client: string, claims: Readonly<Record<string, unknown>> = {}, own: SigningKey = key) => ({
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await signJws({}, { ...good(client), ...claims }, own),
    }),
    fetch: (path: string, init?: RequestInit) => world.fetch(`${issuer}${path}`, init),
  };
  return provider;
}

/** The header of a client with a secret (RFC 6749 2.3.1). */
export function basic(client: string, secret: string = SECRET): Texts {
  const encoded = [client, secret].map((part) => encodeURIComponent(part)).join(':');
  return { authorization: `Basic ${Buffer.from(encoded).toString('base64')}` };
}

/** A token in its header. */
export function bearer(token: unknown): { readonly headers: Texts } {
  return { headers: { authorization: `Bearer ${String(token)}` } };
}

/** Header of a token, unverified. */
export function headerOf(token: unknown): Record<string, unknown> {
  const value: unknown = JSON.parse(Buffer.from(String(token).split('.')[0] ?? '', 'base64url').toString());
  return isJsonObject(value) ? { ...value } : {};
}

/** An answer as JSON; no body is an empty object. */
export async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const body: unknown = text === '' ? {} : JSON.parse(text);
  return { status: response.status, body: isJsonObject(body) ? { ...body } : {}, headers: response.headers };
}

function defaults(id: string, key: SigningKey): Record<string, unknown> {
  return {
    client_id: id,
    client_name: `The app ${id}`,
    client_secret: SECRET,
    redirect_uris: [APP],
    post_logout_redirect_uris: [GOODBYE],
    grant_types: ['authorization_code', 'refresh_token'],
    jwks: { keys: [withoutAlg(key)] },
  };
}

function withoutAlg({ publicJwk }: SigningKey): Record<string, unknown> {
  return Object.fromEntries(Object.entries(publicJwk).filter(([name]) => name !== 'alg'));
}

function query(parameters: Texts): string {
  const all = {
    response_type: 'code',
    client_id: 'web',
    redirect_uri: APP,
    scope: 'openid',
    state: 'st',
    nonce: 'no',
    code_challenge: codeChallenge(VERIFIER),
    code_challenge_method: 'S256',
    ...parameters,
  };
  return new URLSearchParams(kept(all)).toString();
}

function kept(fields: Texts): Texts {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
}
