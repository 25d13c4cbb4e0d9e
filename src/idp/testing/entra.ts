import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeChallenge } from '../../oauth/pkce.ts';
import type { PublicJwk } from '../../oauth/jwk.ts';
import type { AzureRegistration } from '../../registry/model.ts';
import { anotherApp, changeRegistry } from './change-registry.ts';
import { azureRegistration, hashed } from './registrations.ts';
import { CASE_WORKERS, CLIENTS, guid } from './rows.ts';
import { askEntra, DESK_CALLBACK, redirected, VERIFIER } from './sign-in.ts';
import { ISSUERS, TENANT } from './world.ts';
import type { World } from './world.ts';

/** An answer of Entra's token endpoint. */
export type Answer = Awaited<ReturnType<typeof askEntra>>;

/** The grant type of On-Behalf-Of. */
export const OBO = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** The redirect URI of browser applications. */
export const SPA_CALLBACK = 'http://localhost:7503/';

/** Registers one more Entra application in a running world and gives its client id. */
export function registerEntra(
  world: World,
  name: string,
  change: Partial<AzureRegistration> & { readonly keys?: readonly PublicJwk[] } = {},
): string {
  const { version } = world.deps.registry.snapshot();
  const app = anotherApp(world, name);
  const { keys = [world.key.publicJwk], ...rest } = change;
  const clientId = guid(0x1_0000 + version);
  const registration = azureRegistration(app.id, guid(0x2_0000 + version), {
    redirectUris: [DESK_CALLBACK],
    groups: [CASE_WORKERS],
    secretHashes: [hashed('s3cret')],
    ...rest,
  });
  changeRegistry(world, {
    putApps: [app],
    putClients: [{ app: app.id, provider: 'azure', clientId, state: 'ready', keys, registration }],
  });
  return clientId;
}

/** Adds entries to the people of a world. */
export async function addPeople(world: World, yaml: string): Promise<void> {
  const file = join(world.stateDir, 'people.yaml');
  await writeFile(file, `${await readFile(file, 'utf8')}${yaml}`);
}

/** An entry of `people.yaml`. */
export function employee(pid: string, ident: string, more: string): string {
  const details = `NAVident: ${ident}, preferred_username: ${ident.toLowerCase()}@example.test, ${more}`;
  return `- pid: "${pid}"\n  name: {given: Test, family: Person}\n  employee: {${details}}\n`;
}

/** Visits Entra's authorization endpoint as the client `desk`; parameters given as '' are left out. */
export async function visitEntra(
  world: World,
  change: Readonly<Record<string, string>>,
  tenant: string = TENANT,
): Promise<Response> {
  return await world.fetch(entraUrl(change, tenant));
}

/** An authorization URL of Entra. */
export function entraUrl(change: Readonly<Record<string, string>>, tenant: string = TENANT): string {
  const query = {
    response_type: 'code',
    client_id: CLIENTS.desk,
    redirect_uri: DESK_CALLBACK,
    scope: 'openid',
    state: 'st',
    login_hint: 'testid:Z990001',
    ...change,
  };
  const kept = Object.entries(query).filter(([, value]) => value !== '');
  return `${ISSUERS.entra}/${tenant}/oauth2/v2.0/authorize?${new URLSearchParams(kept).toString()}`;
}

/** Redeems the code of an answer as the client `desk`; fields given as '' are empty. */
export async function redeemAt(
  world: World,
  answer: Response,
  change: Readonly<Record<string, string>> = {},
  tenant: string = TENANT,
): Promise<Answer> {
  const fields = {
    grant_type: 'authorization_code',
    client_id: CLIENTS.desk,
    client_secret: 's3cret',
    redirect_uri: DESK_CALLBACK,
    code: redirected(answer).get('code') ?? '',
  };
  return await askEntra(world, { ...fields, ...change }, tenant);
}

/** Signs in for a scope and gives the tokens. */
export async function tokensFor(
  world: World,
  scope: string,
  change: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return await redeemAt(world, await visitEntra(world, { scope, ...change }));
}

/** Asks for a token on behalf of a user, as the client `middle`. */
export function onBehalfOf(
  world: World,
  assertion: unknown,
  scope: string,
  change: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const fields = {
    grant_type: OBO,
    requested_token_use: 'on_behalf_of',
    client_id: CLIENTS.middle,
    client_secret: 's3cret',
    assertion: String(assertion),
    scope,
  };
  return askEntra(world, { ...fields, ...change });
}

/** Asks for a token as an application, the client `desk`. */
export function machine(world: World, scope: string, change: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const fields = { grant_type: 'client_credentials', client_id: CLIENTS.desk, client_secret: 's3cret', scope };
  return askEntra(world, { ...fields, ...change });
}

/** Status, error and numbers of an answer. */
export function codes({ status, body }: Answer): readonly unknown[] {
  const { error_codes: numbers } = body;
  return [status, body['error'], ...(Array.isArray(numbers) ? numbers.map(Number) : [])];
}

/** PKCE parameters of a request, for the verifier all tests use. */
export const CHALLENGED: Readonly<Record<string, string>> = {
  code_challenge: codeChallenge(VERIFIER),
  code_challenge_method: 'S256',
};
