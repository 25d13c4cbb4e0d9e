import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { generatePrivateJwk, publicJwk } from '../../oauth/jwk.ts';
import type { PrivateJwk } from '../../oauth/jwk.ts';
import type { OperatorSettings } from '../operators/operator-settings.ts';
import { administer, bearer, selfSigned } from './operators.ts';
import { CLIENTS, askFor, register } from './registrations.ts';
import type { Wish } from './registrations.ts';
import { createTestKeys, createWorld } from './world.ts';
import type { Answer, TestKeys, World, WorldOptions } from './world.ts';

const HUB = 'https://hub.example.test';
/** The application that is registered unless another is named. */
export const API = 'dev:fleet:new-api';

/** Operators that register applications: `chief`, `rival`, `far`, `narrow`, `reader`, and `hub`, whose issuer signs for it. */
export interface RegistrarBench {
  readonly keys: TestKeys;
  /** The key of every operator. */
  readonly chief: PrivateJwk;
  readonly operator: (name: string, changes?: object) => OperatorSettings;
  readonly open: (t: TestContext, options?: Partial<WorldOptions>) => Promise<World>;
  /** The bearer token of an operator that signs for itself, or of the one whose issuer does. */
  readonly tokenOf: (world: World, name?: string) => Promise<string>;
  readonly wish: (changes?: Partial<Wish>) => Wish;
  readonly registerAs: (world: World, name: string, changes?: Partial<Wish>) => Promise<Answer>;
  readonly ask: (world: World, app: string, method?: string, name?: string) => Promise<Answer>;
  /** The ids of the clients that an operator is told of. */
  readonly list: (world: World, name?: string) => Promise<readonly unknown[]>;
}

/** Makes the keys, and what goes with them. */
export async function createRegistrarBench(): Promise<RegistrarBench> {
  const keys = await createTestKeys();
  const chief = await generatePrivateJwk('ES256', 'chief-1');
  const statementKeys = { keys: [publicJwk(chief)] };
  const operator: RegistrarBench['operator'] = (name, changes = {}) =>
    selfSigned(chief, { name, subjects: [name], algs: ['ES256'], statementKeys, rights: ['register'], ...changes });
  const { jwks: _jwks, ...vouchedFor } = operator('hub', { subjects: ['robot'] });
  const operators = [
    operator('chief'),
    operator('rival'),
    operator('far', { clients: ['prod:*'] }),
    operator('narrow', { clients: ['dev:fleet:*'] }),
    operator('reader', { rights: ['read'] }),
    { ...vouchedFor, wellKnown: `${HUB}/.well-known/openid-configuration` },
  ];
  const open: RegistrarBench['open'] = async (t, options = {}) => {
    const config = { operators, ...options.config };
    const world = await createWorld({ keys, fetch: fetchFromHub(chief), ...options, config });
    t.after(() => world.close());
    return world;
  };
  const tokenOf: RegistrarBench['tokenOf'] = (world, name = 'chief') => {
    const claims = name === 'hub' ? { iss: HUB, sub: 'robot' } : { iss: name, sub: name };
    return bearer(world, chief, { claims });
  };
  const wish: RegistrarBench['wish'] = (changes = {}) => ({
    app: API,
    statementKey: chief,
    clientKey: keys.client,
    ...changes,
  });
  return {
    keys,
    chief,
    operator,
    open,
    tokenOf,
    wish,
    registerAs: async (world, name, changes = {}) => register(world, await tokenOf(world, name), wish(changes)),
    ask: async (world, app, method = 'GET', name = 'chief') =>
      askFor(world, await tokenOf(world, name), { app, method }),
    list: async (world, name = 'chief') => {
      const answer = await administer(world, CLIENTS, { method: 'GET', token: await tokenOf(world, name) });
      assert.equal(answer.status, 200, answer.text);
      const rows: readonly { readonly clientId: string }[] = JSON.parse(answer.text);
      return rows.map(({ clientId }) => clientId);
    },
  };
}

function fetchFromHub(key: PrivateJwk): NonNullable<WorldOptions['fetch']> {
  return (url, init) => {
    if (url === `${HUB}/.well-known/openid-configuration`) {
      return Promise.resolve(Response.json({ issuer: HUB, jwks_uri: `${HUB}/jwks` }));
    }
    if (url === `${HUB}/jwks`) return Promise.resolve(Response.json({ keys: [publicJwk(key)] }));
    return fetch(url, init);
  };
}
