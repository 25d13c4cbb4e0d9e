import type { PublicJwk } from '../../oauth/jwk.ts';
import { appId } from '../../registry/app-id.ts';
import type { AppId } from '../../registry/app-id.ts';
import type { Client, MaskinportenScope } from '../../registry/model.ts';
import { ORGNO } from './registrations.ts';

const SCOPES = ['read', 'other', 'short', 'none', 'elsewhere', 'person', 'delegated', 'kept'].map(
  (name) => `demo:feed/${name}`,
);

/** The Maskinporten clients of a test world: `feed` with keys, `certified` with none. */
export function maskinportenClients(key: PublicJwk): readonly Client[] {
  const keys = [
    key,
    { ...key, kid: 'past its year', exp: 1_700_000_000 },
    { kty: 'RSA', kid: 'weak', n: 'AQAB', e: 'AQAB' },
  ];
  return [client('feed', keys), client('certified', [])];
}

function client(name: string, keys: readonly PublicJwk[]): Client {
  const registration = { provider: 'maskinporten', orgno: ORGNO, scopes: [...SCOPES, 'openid'] } as const;
  return {
    app: appId('local', 'demo', name),
    provider: 'maskinporten',
    clientId: `${name}-id`,
    state: 'ready',
    keys,
    registration,
  };
}

/** Its scopes, of an organisation that exposes them; one the clients have is not among them. */
export function maskinportenScopes(owner: AppId): readonly MaskinportenScope[] {
  const scope = (name: string, change: Partial<MaskinportenScope> = {}): MaskinportenScope => ({
    name: `demo:feed/${name}`,
    owner,
    ownerOrgno: '310000027',
    enabled: true,
    consumers: [],
    accessibleForAll: false,
    atMaxAge: 600,
    ...change,
  });
  return [
    scope('read', { consumers: [ORGNO] }),
    scope('other', { atMaxAge: 30 }),
    scope('short', { accessibleForAll: true, atMaxAge: 30 }),
    scope('elsewhere', { accessibleForAll: true, allowedIntegrations: ['idporten'] }),
    scope('person', { accessibleForAll: true, pidAllowed: true, allowedIntegrations: ['maskinporten'] }),
    scope('delegated', { consumers: [ORGNO, '310000035'], delegationSource: 'altinn' }),
    scope('kept', { accessibleForAll: true }),
  ];
}
