import assert from 'node:assert/strict';
import test from 'node:test';
import { createBackground } from './background.ts';

test('OP-4 LO-3: what anybody may ask for leaves room for what users asked for, however much of it there is', async (t) => {
  const background = createBackground();
  t.after(() => background.close());
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const done = { strangers: 0, users: 0 };
  for (let index = 0; index < 5000; index += 1)
    background.insist(() => Promise.resolve((done.strangers += 1)), { by: 'anybody' });
  for (let index = 0; index < 500; index += 1) background.insist(() => Promise.resolve((done.users += 1)));
  t.mock.timers.tick(500);
  assert.deepEqual(done, { strangers: 500, users: 500 });
});
