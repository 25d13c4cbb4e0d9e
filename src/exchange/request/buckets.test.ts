import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createBuckets } from './limits.ts';
import { openAssertionBench, as } from '../testing/assertions.ts';
import { createWorld } from '../testing/world.ts';

const { keys, world, verdict } = await openAssertionBench();
after(() => world.close());

test('L8: failures of one address as one client do not touch another client of that address', async (t) => {
  const own = await createWorld({ keys, config: { issuers: [] } });
  t.after(() => own.close());
  for (let attempt = 0; attempt < 60; attempt += 1) await verdict({ claims: { ...as('api'), aud: 'x' } }, own);
  assert.equal(await verdict({ claims: as('api') }, own), 'rate-limited');
  assert.equal(await verdict({}, own), 'in');
  own.clock.now += 1;
  assert.equal(await verdict({ claims: as('api') }, own), 'no-rule', 'twenty a second come back: policy answers again');
});

test('L8: a clock that is set back locks nobody out until it is as late as it was', () => {
  let now = 10_000;
  const buckets = createBuckets({ perSecond: 1, burst: 2 }, () => now);
  while (buckets.charge('a'));
  assert.equal(buckets.hasRoom('a'), false);
  now -= 3600;
  assert.equal(buckets.hasRoom('a'), true);
});

test('L8: buckets refill by the clock and are bounded in number', () => {
  let now = 0;
  const buckets = createBuckets({ perSecond: 2, burst: 3 }, () => now, 100);
  assert.deepEqual(
    [1, 2, 3, 4].map(() => buckets.charge('a')),
    [true, true, true, false],
  );
  now += 1;
  assert.deepEqual(
    [1, 2, 3].map(() => buckets.charge('a')),
    [true, true, false],
  );
  for (let key = 0; key < 100_000; key += 1) buckets.charge(`k${key}`);
  assert.equal(buckets.size(), 100);
});
