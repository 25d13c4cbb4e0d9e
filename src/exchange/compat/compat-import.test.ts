import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { generatePrivateJwk, publicJwk } from '../../oauth/jwk.ts';
import { createMemoryRegistry } from '../../registry/registry.ts';
import { createMemorySigningKeyStore } from '../../registry/signing-keys.ts';
import { importLegacy } from './compat-import.ts';
import type { ImportPlace } from './compat-import.ts';
import { writeLegacyKeys } from './compat-import-keys.ts';
import { compatConfig } from '../testing/compat.ts';
import { claimsOf, createTestKeys, createWorld, defaultData, IDP, ISSUER, sign, START } from '../testing/world.ts';

const keys = await createTestKeys();
const legacyKey = await generatePrivateJwk('RS256', 'legacy-1');
const jwk = publicJwk(keys.client);

/** What such a server lists for one client. */
const listed = (name: string, changes: object = {}): object => ({
  clientId: `dev:fleet:${name}`,
  jwks: { keys: [jwk] },
  accessPolicyInbound: { clients: ['dev:fleet:web'] },
  accessPolicyOutbound: { clients: [] },
  allowedScopes: [],
  allowedGrantTypes: ['urn:ietf:params:oauth:grant-type:token-exchange'],
  ...changes,
});
const empty = (): ReturnType<typeof createMemoryRegistry> => createMemoryRegistry({ now: () => START });
const placeIn = (registry: ReturnType<typeof createMemoryRegistry>): ImportPlace => ({
  snapshot: registry.snapshot(),
  sourceOf: () => 'operator:jwker',
});

test('clients come with keys and inbound lists, patterns stay patterns, and a second import writes nothing', async () => {
  const registry = empty();
  const list = [listed('web'), listed('api', { accessPolicyInbound: { clients: ['dev:fleet:web', 'dev:*:*'] } })];
  const first = importLegacy(list, placeIn(registry));
  assert.deepEqual([first.written, first.rejected], [['dev:fleet:web', 'dev:fleet:api'], []]);
  assert.ok(first.change !== undefined);
  assert.equal(await registry.commit(0, first.change), 'ok');
  const snapshot = registry.snapshot();
  assert.equal(snapshot.app('dev:fleet:api')?.source, 'operator:jwker');
  assert.equal(snapshot.clientOf('dev:fleet:api', 'tokenx')?.keys[0]?.kid, jwk.kid);
  assert.deepEqual(
    snapshot
      .grantsFor('dev:fleet:api')
      .map(({ consumer }) => `${consumer.cluster}:${consumer.namespace}:${consumer.name}`),
    ['dev:fleet:web', 'dev:*:*'],
  );
  const second = importLegacy(list, placeIn(registry));
  assert.deepEqual([second.change, second.unchanged.length], [undefined, 2]);
});

test('what cannot be taken over is named with its reason, and the rest is taken', () => {
  const registry = createMemoryRegistry({ now: () => START, initial: defaultData(keys) });
  const list = [
    'text',
    listed('x', { clientId: 'no id' }),
    listed('web'),
    listed('new', {
      jwks: { keys: [{ ...jwk, d: 'private' }, jwk, jwk] },
      accessPolicyInbound: { clients: ['a:b', 'dev:fleet:web'] },
    }),
    listed('new'),
    listed('keyless', { jwks: { keys: [] } }),
  ];
  const { written, rejected } = importLegacy(list, placeIn(registry));
  assert.deepEqual(written, ['dev:fleet:new']);
  assert.deepEqual(
    rejected.map(({ what }) => what),
    [
      '[0]',
      'no id',
      'dev:fleet:web',
      'dev:fleet:new',
      'dev:fleet:new',
      'dev:fleet:new',
      'dev:fleet:new',
      'dev:fleet:keyless',
    ],
  );
  for (const { reason } of rejected) assert.notEqual(reason, '');
  assert.throws(() => importLegacy({}, placeIn(registry)), /not a list/);
});

test('any JSON gives a change or a list of rejections, and never throws but for what is no list', () => {
  const place = placeIn(empty());
  const part = fc.constantFrom('dev', '*', 'a:b', '');
  const client = fc.record(
    {
      clientId: fc.oneof(
        fc.tuple(part, part, part).map((parts) => parts.join(':')),
        fc.string(),
      ),
      jwks: fc.record({ keys: fc.array(fc.oneof(fc.constant(jwk), fc.jsonValue())) }),
      accessPolicyInbound: fc.record({ clients: fc.array(fc.jsonValue()) }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(client, fc.jsonValue())), (list) => {
      const { written, rejected, change } = importLegacy(list, place);
      assert.equal(change === undefined, written.length === 0);
      assert.ok(written.length + rejected.length >= (list.length > 0 ? 1 : 0));
    }),
    { numRuns: 60 },
  );
});

test('tokens that the old server signed stay good: its keys are published as retired ones and never sign', async (t) => {
  const store = createMemorySigningKeyStore(() => START);
  const jwks = { keys: [publicJwk(legacyKey), { kty: 'oct', kid: 'x', k: 'eA' }] };
  const first = await writeLegacyKeys(store, jwks);
  assert.deepEqual([first.rows.map(({ kid }) => kid), first.rejected.length], [['legacy-1'], 1]);
  const again = await writeLegacyKeys(store, jwks);
  assert.deepEqual([again.rows, again.unchanged], [[], ['legacy-1']]);
  const world = await createWorld({ keys: { ...keys, store }, config: compatConfig() });
  t.after(() => world.close());
  const { keys: published } = JSON.parse((await world.send('GET', '/jwks')).text);
  assert.equal(published.length, 2);
  const held = { iss: ISSUER, sub: 'u', idp: IDP, iat: START - 9, exp: START + 9 };
  const answer = await world.exchange({
    client_assertion: await world.assertion({ claims: { iss: 'dev:fleet:api', sub: 'dev:fleet:api', nbf: START } }),
    subject_token: await sign({ ...held, aud: 'dev:fleet:api', client_id: 'dev:fleet:web' }, legacyKey),
    audience: 'dev:fleet:store',
  });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(claimsOf(answer)['idp'], IDP);
});
