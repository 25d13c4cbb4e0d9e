import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { generatePrivateJwk, publicJwk } from '../../oauth/jwk.ts';
import { createMemoryRegistry } from '../../registry/registry.ts';
import type { Registry, RegistryChange } from '../../registry/contract.ts';
import type { Snapshot } from '../../registry/model.ts';
import { issuerRow } from './issuer-rows.ts';
import { createTestKeys, createWorld, defaultData, IDP, idportenClient, START, testClient } from '../testing/world.ts';
import type { Answer, World } from '../testing/world.ts';

const keys = await createTestKeys();
const other = await generatePrivateJwk('RS256', 'client-1');
const [web, theirs] = [testClient('web', [publicJwk(keys.client)]), idportenClient('web', 'login-client')];

/** The answer to a good request that waits for the keys of its issuer while this happens. */
async function answerAfter(
  t: TestContext,
  happens: (world: World) => Promise<unknown> | void,
  registry?: Registry,
): Promise<Answer> {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const jwks = async (): Promise<object> => {
    await gate;
    return { keys: [publicJwk(keys.idp)] };
  };
  const world = await createWorld({ keys, jwks, ...(registry === undefined ? {} : { registry }) });
  t.after(() => world.close());
  const answer = world.exchange();
  const until = performance.now() + 20_000;
  while (world.remembered.length === 0 && performance.now() < until) await setImmediate();
  // The replay store answers at once, so this leaves the request at the next thing that takes time.
  await setImmediate();
  await happens(world);
  open();
  return answer;
}

async function commit(world: World, change: (snapshot: Snapshot) => RegistryChange): Promise<void> {
  const snapshot = world.registry.snapshot();
  assert.equal(await world.registry.commit(snapshot.version, change(snapshot)), 'ok');
}

const idporten = (snapshot: Snapshot): NonNullable<ReturnType<Snapshot['issuer']>> =>
  snapshot.issuer('idporten') ?? assert.fail('no issuer');

const WITHDRAWN: Readonly<Record<string, readonly [string, (snapshot: Snapshot) => RegistryChange]>> = {
  'the key that signed the assertion': ['client-auth-failed', () => ({ putClients: [{ ...web, keys: [] }] })],
  'the key, for another of its id': [
    'client-auth-failed',
    () => ({ putClients: [{ ...web, keys: [publicJwk(other)] }] }),
  ],
  'the client': ['client-auth-failed', () => ({ putClients: [{ ...web, state: 'disabled' }] })],
  'the rule': [
    'no-rule',
    () => ({ replaceGrants: [{ target: defaultData(keys).apps[1]?.id ?? web.app, grants: [] }] }),
  ],
  'the issuer, disabled': ['issuer-unavailable', (now) => ({ putIssuers: [{ ...idporten(now), state: 'disabled' }] })],
  'the issuer, removed': ['issuer-unavailable', () => ({ removeIssuers: ['idporten'] })],
  'what binds its tokens to us': [
    'issuer-unavailable',
    (now) => ({ putIssuers: [{ ...idporten(now), settings: { ...idporten(now).settings, bind: { aud: ['us'] } } }] }),
  ],
  'the client of the login': [
    'subject-binding',
    () => ({ removeClients: [{ app: theirs.app, provider: 'idporten' }] }),
  ],
};

for (const [what, [reason, change]] of Object.entries(WITHDRAWN)) {
  test(`P2, F01: withdrawn while the request waits, no token: ${what}`, async (t) => {
    const { status, body } = await answerAfter(t, (world) => commit(world, change));
    assert.equal(body['fm_reason'], reason, JSON.stringify(body));
    assert.notEqual(status, 200);
  });
}

const HARMLESS: Readonly<Record<string, (snapshot: Snapshot) => RegistryChange>> = {
  'another key of the client': () => ({
    putClients: [{ ...web, keys: [publicJwk(keys.client), publicJwk(keys.stranger)] }],
  }),
  'another client': () => ({ putClients: [testClient('store', [])] }),
  'another issuer': () => ({
    putIssuers: [issuerRow({ name: 'more', issuer: `${IDP}/more`, jwks: { keys: [] }, bind: 'any' })],
  }),
};

for (const [what, change] of Object.entries(HARMLESS)) {
  test(`P2: changed while the request waits, and nothing of it: ${what}`, async (t) => {
    assert.equal((await answerAfter(t, (world) => commit(world, change))).status, 200);
  });
}

test('G3: rules that grew stale while the request waited are not those in force', async (t) => {
  let age = 0;
  const initial = { ...defaultData(keys), issuers: [] };
  const registry = { ...createMemoryRegistry({ now: () => START, initial }), ageSeconds: () => age };
  const { body } = await answerAfter(t, () => void (age = 11), registry);
  assert.equal(body['fm_reason'], 'registry-stale');
});
