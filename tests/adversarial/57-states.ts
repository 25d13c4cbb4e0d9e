import { appId } from '../../src/registry/app-id.ts';
import type { RegistryChange } from '../../src/registry/contract.ts';
import type { KeyRow } from '../../src/registry/key-row.ts';
import type { Client, Grant } from '../../src/registry/model.ts';
import { sampleApp } from '../contract/registry.ts';

const api = appId('local', 'team-a', 'api');
const front = appId('local', 'team-a', 'front');

/** The rows before. */
export function firstState(): RegistryChange {
  return { ...state(1), putKeys: [key('k1', 'current'), key('k2', 'next')] };
}

/** Every kind of row changed at once. */
export function secondState(): RegistryChange {
  return {
    ...state(2),
    removeApps: [front],
    putKeys: [key('k1', 'retiring'), key('k2', 'current'), key('k3', 'next')],
    wildcardGrants: 'tokens',
    audit: [{ actor: 'test', action: 'applied' }],
  };
}

function state(round: number): RegistryChange {
  return {
    putApps: [sampleApp(api, round), ...(round === 1 ? [sampleApp(front)] : [])],
    putClients: [client(round)],
    replaceGrants: [{ target: api, grants: [grant(round), grant(round + 10)] }],
    replaceScopes: [
      {
        owner: api,
        scopes: [
          {
            name: `x:y/${round}`,
            owner: api,
            ownerOrgno: '310000019',
            enabled: true,
            consumers: [],
            accessibleForAll: false,
            atMaxAge: 30,
          },
        ],
      },
    ],
    putIssuers: [{ name: 'idp', state: 'active', settings: { round } }],
    putDenials: [{ kind: 'jti', hash: `h${round}`, notBefore: 1, expiresAt: 9e9 }],
  };
}

function client(round: number): Client {
  return {
    app: api,
    provider: 'tokenx',
    clientId: `c${round}`,
    state: 'ready',
    keys: [{ kty: 'RSA', kid: `k${round}` }],
    registration: { provider: 'tokenx', token: {} },
  };
}

function grant(line: number): Grant {
  const consumer = { cluster: 'local', namespace: 'team-a', name: `n${line}` };
  return { target: api, consumer, roles: [], scopes: [], position: { file: 'a.yaml', line, column: 1, path: 'x' } };
}

function key(kid: string, keyState: KeyRow['state']): KeyRow {
  return { kid, app: api, uid: 'u', provider: 'tokenx', kind: 'jwk', alg: 'RS256', state: keyState, createdAt: 5 };
}
