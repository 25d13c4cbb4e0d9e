import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as check, integer, option, oneof, property, record, string } from 'fast-check';
import { emptyMap } from './persistent-map.ts';
import type { PersistentMap } from './persistent-map.ts';

type Step = { readonly key: string; readonly value: number | undefined };

const key = oneof(integer({ min: 0, max: 3000 }).map(String), string({ maxLength: 4 }));
const step = record({ key, value: option(integer(), { nil: undefined }) });
const edits = array(array(step, { maxLength: 400, size: 'max' }), { maxLength: 6 });

function applied(map: PersistentMap<number>, steps: readonly Step[]): PersistentMap<number> {
  const editor = map.edit();
  for (const { key: name, value } of steps) {
    if (value === undefined) editor.delete(name);
    else editor.set(name, value);
  }
  return editor.done();
}

function assertSame(map: PersistentMap<number>, model: ReadonlyMap<string, number>): void {
  assert.equal(map.size, model.size);
  for (const [name, value] of model) assert.equal(map.get(name), value);
  assert.deepEqual([...map.values()].toSorted(ascending), [...model.values()].toSorted(ascending));
}

test('G1: a persistent map says what a Map says, and every older version still says what it said', () => {
  check(
    property(edits, (versions) => {
      let map = emptyMap<number>();
      const seen = [{ map, model: new Map<string, number>() }];
      for (const steps of versions) {
        map = applied(map, steps);
        const model = new Map(seen.at(-1)?.model);
        for (const { key: name, value } of steps) {
          if (value === undefined) model.delete(name);
          else model.set(name, value);
        }
        seen.push({ map, model });
      }
      for (const version of seen) assertSame(version.map, version.model);
    }),
    { numRuns: 60 },
  );
});

test('G1: an editor that goes on after it gave its map away does not change that map', () => {
  const editor = emptyMap<number>().edit();
  editor.set('a', 1);
  const first = editor.done();
  editor.set('a', 2);
  editor.delete('a');
  editor.set('b', 3);
  assert.deepEqual([first.get('a'), first.get('b'), first.size], [1, undefined, 1]);
  assert.deepEqual([...editor.done().values()], [3]);
});

test('G1: keys whose hashes meet at every level are all kept', () => {
  // FNV-1a of two units: equal hashes made by searching.
  const [one, other] = collision();
  const names = [one, other, ...Array.from({ length: 200 }, (_, place) => `k${place}`)];
  const map = applied(
    emptyMap<number>(),
    names.map((name, value) => ({ key: name, value })),
  );
  for (const [value, name] of names.entries()) assert.equal(map.get(name), value);
  const without = applied(map, [{ key: one, value: undefined }]);
  assert.deepEqual([without.get(one), without.get(other), without.size], [undefined, 1, names.length - 1]);
});

function ascending(a: number, b: number): number {
  return a - b;
}

function collision(): [string, string] {
  const seen = new Map<number, string>();
  for (let first = 0; ; first++) {
    for (const second of [7, 11, 13, 4099, 40_961]) {
      const text = String.fromCharCode(first % 65_536, (first * second) % 65_536, second);
      let hash = 0x811c9dc5;
      for (let place = 0; place < text.length; place++) hash = Math.imul(hash ^ text.charCodeAt(place), 0x01000193);
      const met = seen.get(hash);
      if (met !== undefined && met !== text) return [met, text];
      seen.set(hash, text);
    }
  }
}
