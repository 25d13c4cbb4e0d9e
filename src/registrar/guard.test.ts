import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appId } from '../registry/app-id.ts';
import { guardDeletions } from './guard.ts';

const ids = Array.from({ length: 100 }, (_, index) => appId('local', 'a', `app-${index}`));

test('what may be pruned depends on completeness and on how much is missing (D3, D4)', () => {
  const cases: readonly [known: number, present: number, complete: boolean, allow: boolean, removed: number][] = [
    [5, 5, true, false, 0],
    [5, 2, true, false, 3],
    [5, 1, true, false, 0],
    [5, 1, true, true, 4],
    [5, 4, false, false, 0],
    [5, 4, false, true, 0],
    [5, 0, true, true, 0],
    [1, 0, true, true, 0],
    [100, 90, true, false, 10],
    [100, 89, true, false, 0],
  ];
  for (const [known, present, complete, allowMassDelete, removed] of cases) {
    const input = { known: ids.slice(0, known), present: new Set(ids.slice(0, present)), complete, allowMassDelete };
    const { remove, held } = guardDeletions(input);
    assert.equal(remove.length, removed, JSON.stringify([known, present, complete, allowMassDelete]));
    assert.equal(remove.length + held.length, known - present);
  }
});
