import type { PublicJwk } from '../../oauth/jwk.ts';
import { appId } from '../../registry/app-id.ts';
import type { IdportenRegistration, MaskinportenScope } from '../../registry/model.ts';
import { anotherApp, changeRegistry } from './change-registry.ts';
import { idportenRegistration } from './registrations.ts';
import { CALLBACK } from './sign-in.ts';
import type { World } from './world.ts';

/** Registers one more ID-porten client in a running world, known by the world's key, and gives its client id. */
export function registerIdporten(
  world: World,
  name: string,
  change: Partial<IdportenRegistration> = {},
  keys: readonly PublicJwk[] = [world.key.publicJwk],
): string {
  const app = anotherApp(world, name);
  const registration = idportenRegistration({
    redirectUris: [CALLBACK],
    postLogoutRedirectUris: ['http://127.0.0.1:7500/oauth2/logout/callback'],
    frontchannelLogoutSessionRequired: false,
    accessTokenLifetime: 120,
    refreshTokenLifetime: 600,
    ...change,
  });
  const clientId = `${name}-id`;
  changeRegistry(world, {
    putApps: [app],
    putClients: [{ app: app.id, provider: 'idporten', clientId, state: 'ready', keys, registration }],
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
  changeRegistry(world, { replaceScopes: [{ owner, scopes: [...others, ...made] }] });
}
