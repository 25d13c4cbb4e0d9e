import type { PublicJwk } from '../../oauth/jwk.ts';
import { appId } from '../../registry/app-id.ts';
import type { IdportenRegistration, MaskinportenScope } from '../../registry/model.ts';
import { authorizeUrl, CALLBACK, PID, visit } from './sign-in.ts';
import type { Jar } from './sign-in.ts';
import { form, ISSUERS } from './world.ts';
import type { World } from './world.ts';

/** Registers one more ID-porten client in a running world, known by the world's key, and gives its client id. */
export function registerIdporten(
  world: World,
  name: string,
  change: Partial<IdportenRegistration> = {},
  keys: readonly PublicJwk[] = [world.key.publicJwk],
): string {
  const { registry } = world.deps;
  const snapshot = registry.snapshot();
  const [like] = snapshot.apps();
  if (like === undefined) throw new Error('a world has apps');
  const app = appId('local', 'demo', name);
  const registration: IdportenRegistration = {
    provider: 'idporten',
    orgno: '310000019',
    redirectUris: [CALLBACK],
    postLogoutRedirectUris: ['http://127.0.0.1:7500/oauth2/logout/callback'],
    frontchannelLogoutSessionRequired: false,
    scopes: ['openid', 'profile'],
    accessTokenLifetime: 120,
    authorizationLifetime: 7200,
    refreshTokenLifetime: 600,
    refreshTokenUsage: 'ONETIME',
    tokenEndpointAuthMethod: 'private_key_jwt',
    secretHashes: [],
    codeChallengeMethod: 'S256',
    ssoDisabled: false,
    grantTypes: ['authorization_code', 'refresh_token'],
    ...change,
  };
  const clientId = `${name}-id`;
  commit(world, {
    putApps: [{ ...like, id: app, uid: `uid-${name}` }],
    putClients: [{ app, provider: 'idporten', clientId, state: 'ready', keys, registration }],
  });
  return clientId;
}

/** Registers scopes that ID-porten knows something about. */
export function registerScopes(world: World, scopes: readonly Partial<MaskinportenScope>[]): void {
  const owner = appId('local', 'demo', 'api');
  const others = [...world.deps.registry.snapshot().scopes()].filter((scope) => scope.owner === owner);
  const made = scopes.map(
    (scope): MaskinportenScope => ({
      name: '',
      owner,
      ownerOrgno: '310000027',
      enabled: true,
      consumers: [],
      accessibleForAll: true,
      atMaxAge: 30,
      ...scope,
    }),
  );
  commit(world, { replaceScopes: [{ owner, scopes: [...others, ...made] }] });
}

function commit(world: World, change: Parameters<World['deps']['registry']['commit']>[1]): void {
  const { registry } = world.deps;
  if (registry.commit(registry.snapshot().version, change) !== 'ok') throw new Error('the registry changed meanwhile');
}

/** Signs a person in by the page, as a browser without script would. */
export async function signInByPage(
  world: World,
  jar: Jar,
  parameters: Readonly<Record<string, string>>,
  chosen: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const page = await (await visit(world, jar, authorizeUrl(parameters))).text();
  const transaction = /name="transaction" value="([^"]+)"/.exec(page)?.[1] ?? 'no page';
  const fields = { transaction, person: PID, acr: 'high', continue: '1', ...chosen };
  return await visit(world, jar, `${ISSUERS.login}/authorize`, form(fields));
}
