import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changedRows, emptyRows } from './rows.ts';
import type { Rows } from './rows.ts';

const denial = (expiresAt: number) => ({ kind: 'jti', hash: 'of-one-token', notBefore: 1, expiresAt }) as const;
const said = (rows: Rows, expiresAt: number, at = 1): Rows =>
  changedRows(rows, { putDenials: [denial(expiresAt)] }, { version: 1, at });

test('T36 one denial said again and again, for ever longer, is remembered once', () => {
  let rows = emptyRows();
  for (let round = 0; round < 50; round++) rows = said(rows, 6000);
  for (let round = 0; round < 50; round++) rows = said(rows, 6000 + 60 * round);
  const remembered = [...rows.expiries.values()].flatMap(({ hashes }) => hashes);
  assert.deepEqual([remembered, rows.denials.size, rows.expiries.size], [['of-one-token'], 1, 1]);
  assert.equal(said(rows, 9e9, 6000 + 60 * 48).denials.get('of-one-token')?.expiresAt, 9e9);
});

test('V4 a denial that was made longer outlives its first end, and goes at its last', () => {
  const longer = said(said(emptyRows(), 100), 500);
  const at = (time: number): number => changedRows(longer, { putDenials: [] }, { version: 2, at: time }).denials.size;
  assert.deepEqual([at(150), at(499), at(500)], [1, 1, 0]);
});

test('V4 of two ends of one denial in one change the last counts, and it goes at that', () => {
  const twice = changedRows(said(emptyRows(), 500), { putDenials: [denial(100), denial(500)] }, { version: 2, at: 1 });
  const early = changedRows(twice, { putDenials: [] }, { version: 3, at: 150 });
  const late = changedRows(early, { putDenials: [] }, { version: 4, at: 600 });
  assert.deepEqual([early.denials.size, late.denials.size], [1, 0]);
});
