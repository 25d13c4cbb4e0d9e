import { codeChallenge, createCodeVerifier } from '../../oauth/pkce.ts';
import type { World } from './world.ts';
import { isJsonObject } from '../../oauth/objects.ts';
import { form, ISSUERS, TENANT } from './world.ts';
import type { FormRequest } from './world.ts';
import { CLIENTS } from './rows.ts';

/** A browser's cookies at one world. */
export type Jar = Map<string, string>;

/** The redirect URI of the ID-porten clients. */
export const CALLBACK = 'http://127.0.0.1:7500/oauth2/callback';
/** The redirect URI of the Entra client. */
export const DESK_CALLBACK = 'http://localhost:7502/oauth2/callback';
/** A person of `people.yaml`, in a group of case workers. */
export const PID = '01819090285';

/** Visits a URL with the jar's cookies and keeps those it gets. */
export async function visit(world: World, jar: Jar, url: string, init?: FormRequest): Promise<Response> {
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  const headers = { ...init?.headers, ...(cookie === '' ? {} : { cookie }) };
  const response = await world.fetch(url, { ...init, headers });
  for (const line of response.headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (value === '') jar.delete(name);
    else jar.set(name, value);
  }
  return response;
}

/** Query of a redirect. */
export function redirected(response: Response): URLSearchParams {
  return new URL(response.headers.get('location') ?? 'none:').searchParams;
}

/** An ID-porten authorization URL; parameters given as '' are left out. */
export function authorizeUrl(parameters: Readonly<Record<string, string>> = {}): string {
  const all = {
    response_type: 'code',
    client_id: CLIENTS.portal,
    redirect_uri: CALLBACK,
    scope: 'openid profile',
    state: 'st',
    nonce: 'no',
    code_challenge: codeChallenge(VERIFIER),
    code_challenge_method: 'S256',
    ...parameters,
  };
  const kept = Object.entries(all).filter(([, value]) => value !== '');
  return `${ISSUERS.login}/authorize?${new URLSearchParams(kept).toString()}`;
}

/** The code verifier all tests use. */
export const VERIFIER: string = createCodeVerifier();

/** Signs in headless at ID-porten and gives the code. */
export async function codeAt(
  world: World,
  parameters: Readonly<Record<string, string>> = {},
  jar: Jar = new Map(),
): Promise<string> {
  const response = await visit(
    world,
    jar,
    authorizeUrl({ login_hint: `testid:${PID}_idporten-loa-high`, ...parameters }),
  );
  return redirected(response).get('code') ?? `no code: ${response.status} ${response.headers.get('location') ?? ''}`;
}

/** Asks ID-porten's token endpoint as a client with a key. */
export async function askToken(
  world: World,
  fields: Readonly<Record<string, string>>,
  clientId: string = CLIENTS.portal,
): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
  const assertion = await world.assertion(clientId, ISSUERS.idporten);
  const response = await world.fetch(
    `${ISSUERS.idporten}/token`,
    form({
      client_id: clientId,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
      ...fields,
    }),
  );
  return { status: response.status, body: asObject(await response.json()) };
}

/** Fields that redeem a code. */
export function redeem(code: string): Record<string, string> {
  return { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: VERIFIER };
}

/** Claims of a token, unverified. */
export function claimsOf(token: unknown): Record<string, unknown> {
  return asObject(JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString()));
}

/** Asks Entra's token endpoint with the shared secret unless fields say otherwise. */
export async function askEntra(
  world: World,
  fields: Readonly<Record<string, string>>,
  tenant: string = TENANT,
): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
  const response = await world.fetch(`${ISSUERS.entra}/${tenant}/oauth2/v2.0/token`, form(fields));
  return { status: response.status, body: asObject(await response.json()) };
}

/** Signs an employee in at Entra and gives the token answer. */
export async function employeeTokens(
  world: World,
  scope: string,
  hint: string = PID,
): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: CLIENTS.desk,
    redirect_uri: DESK_CALLBACK,
    scope,
    nonce: 'no',
    state: 'st',
    login_hint: `testid:${hint}`,
  });
  const response = await world.fetch(`${ISSUERS.entra}/${TENANT}/oauth2/v2.0/authorize?${query.toString()}`);
  const code = redirected(response).get('code') ?? '';
  return await askEntra(world, {
    grant_type: 'authorization_code',
    client_id: CLIENTS.desk,
    client_secret: 's3cret',
    code,
    redirect_uri: DESK_CALLBACK,
  });
}

function asObject(value: unknown): Record<string, unknown> {
  if (!isJsonObject(value)) throw new TypeError('not a JSON object');
  return value;
}
