import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchStalls } from './stall-watch.ts';

test('row 63: a process that could not answer for two seconds says so for ten, at once and without a tick', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const clock = { ms: 0 };
  const watch = watchStalls(() => clock.ms);
  t.after(() => watch.close());
  const pass = (ms: number): void => {
    clock.ms += ms;
    t.mock.timers.tick(ms);
  };
  for (let tick = 0; tick < 20; tick += 1) pass(500);
  assert.equal(watch.stalled(), false);
  clock.ms += 2501;
  assert.equal(watch.stalled(), true);
  t.mock.timers.tick(500);
  for (let tick = 0; tick < 19; tick += 1) pass(500);
  assert.equal(watch.stalled(), true);
  pass(500);
  assert.equal(watch.stalled(), false);
});
