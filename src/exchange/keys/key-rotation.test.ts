import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { SigningKeyRow } from '../../registry/signing-keys.ts';
import type { TokenAlgorithm } from '../config.ts';
import { leadSeconds, planRotation, remainSeconds } from './key-rotation.ts';
import type { KeyWish, RotationRules } from './key-rotation.ts';

const START = 1_795_305_600;
const rules: RotationRules = {
  maxAgeSeconds: 300,
  stagedForSeconds: 3600,
  activeForSeconds: 86_400,
  retiredForSeconds: 86_400,
  longestTtlSeconds: 3600,
};

interface Set {
  readonly version: number;
  readonly keys: readonly SigningKeyRow[];
}

function made(wish: KeyWish, version: number, now: number, place: number): SigningKeyRow {
  const kid = `${wish.alg}-${version}-${place}`;
  return {
    kid,
    use: 'tokenx',
    alg: wish.alg,
    state: wish.state,
    publicJwk: { kty: 'RSA', kid },
    sealedPrivate: Buffer.of(1),
    createdAt: now,
    stagedAt: now,
    stagedVersion: version,
    ...(wish.state === 'active' ? { activatedAt: now } : {}),
  };
}

/** One write of the set by its plan. */
function step(set: Set, algorithms: readonly TokenAlgorithm[], view: Partial<Parameters<typeof planRotation>[2]>): Set {
  const full = { rules, now: START, servedVersion: Infinity, ...view };
  const plan = planRotation(set, new Set(['RS256', ...algorithms]), full);
  if (!plan.changed) return set;
  const version = set.version + 1;
  const create = plan.create.map((wish, place) => made(wish, version, full.now, place));
  return { version, keys: [...plan.keys, ...create] };
}

const of = ({ keys }: Set, alg: string): readonly string[] =>
  keys.filter((key) => key.alg === alg).map(({ state }) => state);

test('K1, K2, K3: at all times one RS256 key signs, published a lead before by everyone; what signed is published until its tokens are over', () => {
  const moves = fc.array(
    fc.record({
      seconds: fc.constantFrom(1, 60, 3600, 7200, 40_000, 90_000),
      lag: fc.integer({ min: 0, max: 3 }),
      uses: fc.subarray<TokenAlgorithm>(['ES256', 'PS256']),
    }),
    { minLength: 1, maxLength: 60 },
  );
  const property = fc.property(moves, (list) => {
    let set = step({ version: 0, keys: [] }, [], {});
    let now = START;
    for (const { seconds, lag, uses } of list) {
      now += seconds;
      const servedVersion = set.version - lag;
      const before = set;
      set = step(set, uses, { now, servedVersion });
      assert.equal(of(set, 'RS256').filter((state) => state === 'active').length, 1);
      for (const key of set.keys) {
        const was = before.keys.find(({ kid }) => kid === key.kid)?.state;
        if (key.state === 'active' && was !== 'active') {
          assert.equal(was, 'staged', key.kid);
          assert.ok(now - (key.stagedAt ?? 0) >= leadSeconds(rules), key.kid);
          assert.ok((key.stagedVersion ?? Infinity) <= servedVersion, key.kid);
        }
      }
      for (const gone of before.keys.filter(({ kid }) => set.keys.every((key) => key.kid !== kid))) {
        if (gone.state === 'staged') continue;
        assert.equal(gone.state, 'retired', gone.kid);
        assert.ok(now - (gone.retiredAt ?? Infinity) >= remainSeconds(rules), gone.kid);
      }
    }
  });
  fc.assert(property, { numRuns: 200 });
});

test('K1: an algorithm that nobody uses any more gets no successor: its key retires in time and goes', () => {
  let set = step({ version: 0, keys: [] }, ['ES256'], {});
  assert.deepEqual(of(set, 'ES256'), ['active']);
  set = step(set, [], { now: START + 86_399 });
  assert.deepEqual(of(set, 'ES256'), ['active']);
  set = step(set, [], { now: START + 86_400 });
  assert.deepEqual(of(set, 'ES256'), ['retired']);
  set = step(set, [], { now: START + 2 * 86_400 - 1 });
  assert.deepEqual(of(set, 'ES256'), ['retired']);
  set = step(set, [], { now: START + 2 * 86_400 });
  assert.deepEqual(of(set, 'ES256'), []);
});

test('K1: a key that was made for a wish withdrawn goes once its lead is over, and signs if the wish came back before', () => {
  let set = step({ version: 0, keys: [] }, [], {});
  set = step(set, ['ES256'], { now: START + 10 });
  assert.deepEqual(of(step(set, [], { now: START + 3609 }), 'ES256'), ['staged']);
  assert.deepEqual(of(step(set, [], { now: START + 3610 }), 'ES256'), []);
  assert.deepEqual(of(step(set, ['ES256'], { now: START + 3610 }), 'ES256'), ['active']);
});

test('K2: where a lead is longer than the time of a key, several wait in line, and no more than that', () => {
  const fast = { ...rules, stagedForSeconds: 600, activeForSeconds: 30 };
  let set: Set = { version: 0, keys: [] };
  let rotations = 0;
  for (let now = START; now < START + 3600; now += 1) {
    const before = set.keys.find(({ state }) => state === 'active')?.kid;
    set = step(set, [], { now, rules: fast });
    if (set.keys.find(({ state }) => state === 'active')?.kid !== before) rotations += 1;
    assert.ok(of(set, 'RS256').filter((state) => state === 'staged').length <= 20);
  }
  assert.equal(rotations, 1 + (3600 - 600) / 30);
});

test('K2: a retired key stays for the longest token it may have signed, whatever the settings say', () => {
  assert.equal(remainSeconds({ ...rules, retiredForSeconds: 1 }), 3600 + 60 + 300);
  assert.equal(leadSeconds({ ...rules, stagedForSeconds: 1 }), 600);
});
