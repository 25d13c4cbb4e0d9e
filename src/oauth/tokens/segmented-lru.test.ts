import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createSegmentedLru } from './segmented-lru.ts';

test('what was used again survives any number of entries that were not', () => {
  const map = createSegmentedLru({ maxEntries: 5, maxBytes: 1000 });
  map.set('used', { bytes: 1 });
  map.use('used');
  for (let at = 0; at < 100; at += 1) map.set(`k${at}`, { bytes: 1 });
  assert.ok(map.peek('used'));
});

test('an entry that was used stays so with a new value', () => {
  const map = createSegmentedLru({ maxEntries: 5, maxBytes: 1000 });
  map.set('used', { bytes: 1 });
  map.use('used');
  map.set('used', { bytes: 2 });
  for (let at = 0; at < 100; at += 1) map.set(`k${at}`, { bytes: 1 });
  assert.deepEqual(map.peek('used'), { bytes: 2 });
});

test('a map full of used entries still takes a new one, and drops the one used longest ago', () => {
  const map = createSegmentedLru({ maxEntries: 5, maxBytes: 1000 });
  for (const key of ['a', 'b', 'c', 'd', 'e']) {
    map.set(key, { bytes: 1 });
    map.use(key);
  }
  map.set('new', { bytes: 1 });
  assert.ok(map.peek('new'));
  assert.equal(map.peek('a'), undefined);
});

test('after any operations both bounds hold and the counts are those of what is there', () => {
  const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const operation = fc.record({
    what: fc.constantFrom('set', 'set', 'set', 'use', 'delete'),
    key: fc.constantFrom(...keys),
    bytes: fc.integer({ min: 1, max: 60 }),
  });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      let evicted = 0;
      const map = createSegmentedLru({ maxEntries: 4, maxBytes: 100 }, () => (evicted += 1));
      const expected = new Map<string, number>();
      for (const { what, key, bytes } of operations) {
        if (what === 'set') map.set(key, { bytes });
        else if (what === 'use') assert.equal(map.use(key)?.bytes, expected.get(key));
        else map.delete(key);
        if (what === 'set') expected.set(key, bytes);
        if (what === 'delete') expected.delete(key);
        for (const name of keys) if (map.peek(name) === undefined) expected.delete(name);
        assert.ok(map.entries <= 4 && map.bytes <= 100);
        assert.equal(map.entries, expected.size);
        assert.equal(
          map.bytes,
          [...expected.values()].reduce((sum, one) => sum + one, 0),
        );
      }
      assert.ok(evicted <= operations.length);
    }),
  );
});

test('a map whose bytes are all in used entries still takes a new one', () => {
  const map = createSegmentedLru({ maxEntries: 1000, maxBytes: 100 });
  for (let at = 0; at < 10; at += 1) {
    map.set(`k${at}`, { bytes: 10 });
    map.use(`k${at}`);
  }
  map.set('new', { bytes: 10 });
  assert.ok(map.peek('new'));
  assert.equal(map.peek('k0'), undefined);
});

test('an entry that alone exceeds the bound is not kept and drives nothing out', () => {
  const evicted: string[] = [];
  const map = createSegmentedLru({ maxEntries: 5, maxBytes: 100 }, (key) => evicted.push(key));
  map.set('small', { bytes: 10 });
  map.set('big', { bytes: 101 });
  assert.ok(map.peek('small'));
  assert.equal(map.peek('big'), undefined);
  assert.deepEqual(evicted, ['big']);
});
