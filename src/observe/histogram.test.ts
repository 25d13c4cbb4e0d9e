import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Histogram, Registry } from '@prometheus-io/client';
import { registerHistogram } from './histogram.ts';

const NAME = 'fullmakt_test_seconds';
const BUCKETS = [0.001, 0.01, 0.5, 2];

function both(): { ours: Registry; theirs: Registry; observe: (path: string, value: number) => void } {
  const [ours, theirs] = [new Registry(), new Registry()];
  const { open } = registerHistogram(ours, { name: NAME, help: 'Time "to" an\nanswer.', buckets: BUCKETS });
  const help = 'Time "to" an\nanswer.';
  const library = new Histogram({ name: NAME, help, labelNames: ['path'], buckets: BUCKETS, registers: [theirs] });
  const series = new Map<string, (value: number) => void>();
  return {
    ours,
    theirs,
    observe(path, value) {
      const add = series.get(path) ?? open({ path });
      series.set(path, add);
      add(value);
      library.observe({ path }, value);
    },
  };
}

test('a histogram of ours reads as one of the library does, whatever it is given (3.9)', async () => {
  const value = fc.oneof(fc.constantFrom(...BUCKETS, 0, -1), fc.double({ noNaN: true, noDefaultInfinity: true }));
  const path = fc.constantFrom('/a', '/b"\\\n', '');
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(path, value), { maxLength: 30 }), async (observed) => {
      const { ours, theirs, observe } = both();
      for (const [where, what] of observed) observe(where, what);
      assert.equal(await ours.metrics(), await theirs.metrics());
      const [one, other] = await Promise.all([ours.getMetricsAsJSON(), theirs.getMetricsAsJSON()]);
      const added = await Promise.all([one, other].map((each) => Registry.aggregate([each, each]).metrics()));
      assert.equal(added[0], added[1]);
    }),
  );
});

test('a number that is none is left out, and a series that is dropped begins at nothing', async () => {
  const registry = new Registry();
  const { open, drop } = registerHistogram(registry, { name: NAME, help: 'Time.', buckets: BUCKETS });
  const labels = { path: '/a' };
  const add = open(labels);
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1]) add(value);
  assert.match(await registry.metrics(), /_count\{path="\/a"\} 1$/m);
  open({ path: '/b' })(1);
  drop(labels);
  const text = await registry.metrics();
  assert.doesNotMatch(text, /"\/a"/);
  assert.match(text, /_sum\{path="\/b"\} 1$/m);
});
