import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createKeyWrapper } from '../../registry/key-wrapper.ts';
import { createMemoryRegistry } from '../../registry/registry.ts';
import type { SigningKeyStore } from '../../registry/signing-keys.ts';
import type { TokenAlgorithm } from '../config.ts';
import { openSigningKeys } from './signing-keys.ts';
import type { SigningKeys } from './signing-keys.ts';
import { START } from '../testing/world.ts';

const rules = { maxAgeSeconds: 300, stagedForSeconds: 3600, activeForSeconds: 86_400, retiredForSeconds: 86_400 };

interface Bench {
  readonly clock: { now: number };
  readonly algorithms: Set<TokenAlgorithm>;
  readonly store: SigningKeyStore;
  readonly open: (store?: SigningKeyStore, wrapper?: ReturnType<typeof createKeyWrapper>) => Promise<SigningKeys>;
}

/** Key sets with EdDSA beside RS256 where a test needs many keys: Ed25519 costs nothing to make. */
function bench(t: { after: (end: () => Promise<void>) => void }): Bench {
  const clock = { now: START };
  const algorithms = new Set<TokenAlgorithm>();
  const registry = createMemoryRegistry({ now: () => clock.now });
  const store = registry.signingKeys;
  const ownWrapper = createKeyWrapper(randomBytes(32));
  const open: Bench['open'] = async (from = store, wrapper = ownWrapper) => {
    const opened = await openSigningKeys({
      store: from,
      wrapper,
      registry,
      now: () => clock.now,
      rules,
      algorithmsInUse: () => algorithms,
      emit: () => {},
    });
    t.after(() => opened.close());
    return opened;
  };
  return { clock, algorithms, store, open };
}
const states = async (store: SigningKeyStore, alg: string): Promise<readonly string[]> => {
  const set = await store.load('tokenx');
  return set.keys.filter((key) => key.alg === alg).map((key) => key.state);
};

test('K5, K7: the first start makes one active RS256 key, sealed; a restart loads it; another key-encryption key does not start', async (t) => {
  const { open, store } = bench(t);
  const first = (await open()).signer('RS256');
  const again = (await open()).signer('RS256');
  assert.equal(again.kid, first.kid);
  assert.deepEqual(await states(store, 'RS256'), ['active']);
  const [row] = (await store.load('tokenx')).keys;
  assert.doesNotMatch(row?.sealedPrivate.toString('latin1') ?? '', /"d"|RSA/);
  await assert.rejects(open(store, createKeyWrapper(randomBytes(32))), /another key-encryption key/);
});

test('K5: replicas that start at once on an empty store end with one set', async (t) => {
  const { open } = bench(t);
  const replicas = await Promise.all([open(), open(), open()]);
  assert.equal(new Set(replicas.map((each) => each.signer('RS256').kid)).size, 1);
});

test('K1, K3: a key of a new algorithm is published an hour before it signs; until then RS256 does (O1)', async (t) => {
  const { open, algorithms, clock, store } = bench(t);
  const opened = await open();
  assert.deepEqual(
    opened.published().map(({ kty }) => kty),
    ['RSA'],
  );
  algorithms.add('EdDSA').add('ES256');
  await opened.rotate();
  assert.deepEqual(
    opened.published().map(({ kty }) => kty),
    ['RSA', 'EC', 'OKP'],
  );
  assert.deepEqual(await states(store, 'EdDSA'), ['staged']);
  assert.equal(opened.signer('EdDSA').alg, 'RS256');
  clock.now += 3599;
  await opened.rotate();
  assert.equal(opened.signer('EdDSA').alg, 'RS256');
  clock.now += 1;
  await opened.rotate();
  assert.equal(opened.signer('EdDSA').alg, 'EdDSA');
  assert.equal(opened.signer('ES256').alg, 'ES256');
});

test('K2: a key signs for a day, its successor is published an hour ahead, it stays published for a day more', async (t) => {
  const { open, algorithms, clock, store } = bench(t);
  algorithms.add('EdDSA');
  const opened = await open();
  const first = opened.signer('EdDSA').kid;
  const statesAfter = async (seconds: number): Promise<readonly string[]> => {
    clock.now = START + seconds;
    await opened.rotate();
    return states(store, 'EdDSA');
  };
  assert.deepEqual(await statesAfter(82_799), ['active']);
  assert.deepEqual(await statesAfter(82_800), ['active', 'staged']);
  assert.deepEqual(await statesAfter(86_399), ['active', 'staged']);
  assert.deepEqual(await statesAfter(86_400), ['retired', 'active']);
  assert.notEqual(opened.signer('EdDSA').kid, first);
  assert.ok(opened.published().some(({ kid }) => kid === first));
  assert.deepEqual(await statesAfter(86_400 + 82_800), ['retired', 'active', 'staged']);
  assert.deepEqual(await statesAfter(2 * 86_400), ['retired', 'active']);
  assert.ok(!opened.published().some(({ kid }) => kid === first));
});

test('N17: through a week of rotation no validator with a set of ten minutes ago ever meets an unknown key', async (t) => {
  const { open, algorithms, clock } = bench(t);
  algorithms.add('EdDSA');
  const opened = await open();
  let cached = new Set(opened.published().map(({ kid }) => kid));
  for (let step = 0; step < 7 * 144; step += 1) {
    const fresh = new Set(opened.published().map(({ kid }) => kid));
    clock.now += 600;
    await opened.rotate();
    assert.ok(cached.has(opened.signer('EdDSA').kid), `step ${step}`);
    cached = fresh;
  }
});

test('K9: with the store out of reach the keys go on signing', async (t) => {
  const { open, store, clock } = bench(t);
  let broken = false;
  const fragile: SigningKeyStore = {
    load: (use) => {
      if (broken) throw new Error('out of reach');
      return store.load(use);
    },
    save: (use, version, rows) => store.save(use, version, rows),
    version: (use) => store.version(use),
  };
  const opened = await open(fragile);
  broken = true;
  clock.now += 90_000;
  await assert.rejects(opened.rotate());
  assert.equal(opened.signer('RS256').alg, 'RS256');
});
