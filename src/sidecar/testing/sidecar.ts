import type { TestContext } from 'node:test';
import type { PrivateJwk, SigningKey } from '../../oauth/jwk.ts';
import { generatePrivateJwk, importSigningKey, publicJwk } from '../../oauth/jwk.ts';
import { signJws } from '../../oauth/jws.ts';
import { readSettings } from '../../settings.ts';
import { json } from '../../web/http.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import { serve } from '../../web/serve.ts';
import { createSidecar } from '../app.ts';
import { sidecarSettings } from '../config.ts';
import type { SidecarEvent } from '../events.ts';
import { readFoldersNamedIn } from '../reload/secret-folders.ts';
import type { Timers } from '../reload/timers.ts';

/** The time tests begin at, seconds since the epoch. */
export const START = 1_800_000_000;

/** Keys a file makes once and shares. */
export interface TestKeys {
  readonly issuer: SigningKey;
  readonly issuerJwk: PrivateJwk;
  readonly stranger: SigningKey;
  readonly client: PrivateJwk;
}

/** An RSA issuer, a stranger with the same key id, and an EC client. */
export async function makeKeys(): Promise<TestKeys> {
  const [issuerJwk, strangerJwk, client] = await Promise.all([
    generatePrivateJwk('RS256', 'issuer-key'),
    generatePrivateJwk('RS256', 'issuer-key'),
    generatePrivateJwk('ES256', 'client-key'),
  ]);
  return { issuerJwk, issuer: importSigningKey(issuerJwk), stranger: importSigningKey(strangerJwk), client };
}

/** A provider on a loopback port: a key set, and a token endpoint whose answers the test writes. */
export interface FakeProvider {
  readonly origin: string;
  readonly forms: URLSearchParams[];
  answer: (call: number) => HttpResponse | Promise<HttpResponse>;
  keySet: () => HttpResponse;
  mint(claims: object, options?: { readonly header?: object; readonly key?: SigningKey }): Promise<string>;
}

/** Starts one, on a port of the system's choice unless told; it ends with the test. */
export async function startProvider(t: TestContext, keys: TestKeys, port = 0): Promise<FakeProvider> {
  const forms: URLSearchParams[] = [];
  const listener = await serve({
    name: 'fake provider',
    setting: 'none',
    host: '127.0.0.1',
    port,
    handle: async (request: HttpRequest): Promise<HttpResponse> => {
      if (request.path === '/jwks') return fake.keySet();
      forms.push(new URLSearchParams((await request.body()).toString()));
      return await fake.answer(forms.length);
    },
  });
  t.after(() => listener.close(0));
  const fake: FakeProvider = {
    origin: listener.origin,
    forms,
    answer: (call) => json(200, { access_token: `token-${call}`, token_type: 'Bearer', expires_in: 3600 }),
    keySet: () => json(200, { keys: [publicJwk(keys.issuerJwk)] }),
    mint: (claims, { header, key } = {}) => signJws({ typ: 'JWT', ...header }, claims, key ?? keys.issuer),
  };
  return fake;
}

/** The environment of an application with every provider on; all of them are the one fake provider, by issuer. */
export function testEnv(origin: string, keys: TestKeys): Record<string, string> {
  const key = JSON.stringify(keys.client);
  return {
    BIND_ADDRESS: '127.0.0.1:0',
    FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'true',
    AZURE_ENABLED: 'true',
    AZURE_APP_CLIENT_ID: 'entra-client',
    AZURE_APP_JWK: key,
    AZURE_OPENID_CONFIG_ISSUER: `${origin}/entra`,
    AZURE_OPENID_CONFIG_JWKS_URI: `${origin}/jwks`,
    AZURE_OPENID_CONFIG_TOKEN_ENDPOINT: `${origin}/token`,
    TOKEN_X_ENABLED: 'true',
    TOKEN_X_CLIENT_ID: 'local:fleet:api',
    TOKEN_X_PRIVATE_JWK: key,
    TOKEN_X_ISSUER: `${origin}/tokenx`,
    TOKEN_X_JWKS_URI: `${origin}/jwks`,
    TOKEN_X_TOKEN_ENDPOINT: `${origin}/token`,
    MASKINPORTEN_ENABLED: 'true',
    MASKINPORTEN_CLIENT_ID: 'mp-client',
    MASKINPORTEN_CLIENT_JWK: key,
    MASKINPORTEN_ISSUER: `${origin}/maskinporten/`,
    MASKINPORTEN_JWKS_URI: `${origin}/jwks`,
    MASKINPORTEN_TOKEN_ENDPOINT: `${origin}/token`,
    IDPORTEN_ENABLED: 'true',
    IDPORTEN_AUDIENCE: 'https://api.example',
    IDPORTEN_ISSUER: `${origin}/idporten`,
    IDPORTEN_JWKS_URI: `${origin}/jwks`,
  };
}

/** A running sidecar, its events, and its clock. */
export interface TestSidecar {
  readonly origin: string;
  /** Where PROBE_BIND_ADDRESS put them. */
  readonly probes: string | undefined;
  readonly events: readonly SidecarEvent[];
  readonly clock: { now: number };
  /** As SIGHUP does. */
  readAgain(): Promise<void>;
  post(path: string, body: object | URLSearchParams, headers?: Record<string, string>): Promise<Response>;
}

/** Starts one from an environment and the folders it names; it ends with the test. */
export async function startSidecar(
  t: TestContext,
  env: Record<string, string | undefined>,
  timers?: Timers,
): Promise<TestSidecar> {
  const { variables, silent } = await readFoldersNamedIn(env);
  const settings = readSettings(sidecarSettings, { ...env, ...variables });
  if (!settings.ok) throw new Error(settings.problems.join('; '));
  const events: SidecarEvent[] = [];
  const clock = { now: START };
  const program = await createSidecar(settings.settings, {
    fetch: (url, init) => fetch(url, init),
    now: () => clock.now,
    emit: (event) => {
      events.push(event);
    },
    ...(timers === undefined ? {} : { reload: { env, variables, silent, timers } }),
  });
  if (timers !== undefined) {
    await program.start?.();
    // A start reads folders twice, and the second time is not waited for: what a test writes is to be seen by its own readings alone.
    await program.readAgain();
  }
  const listeners = await Promise.all(program.listeners.map(serve));
  t.after(async () => {
    await Promise.all(listeners.map((each) => each.close(0)));
    await program.close();
  });
  const [listener] = listeners;
  if (listener === undefined) throw new Error('the sidecar has no listener');
  const probes = listeners.find(({ name }) => name === 'sidecar probes')?.origin;
  const post: TestSidecar['post'] = (path, body, headers) => {
    const isForm = body instanceof URLSearchParams;
    const type = isForm ? 'application/x-www-form-urlencoded' : 'application/json';
    return fetch(`${listener.origin}/api/v1${path}`, {
      method: 'POST',
      headers: { 'content-type': type, ...headers },
      body: isForm ? body.toString() : JSON.stringify(body),
    });
  };
  return { origin: listener.origin, probes, events, clock, readAgain: () => program.readAgain(), post };
}
