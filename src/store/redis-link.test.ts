import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as immediate } from 'node:timers/promises';
import { createRedisLink } from './redis-link.ts';
import type { NodeConnection } from './redis-node.ts';
import type { Open } from './replay-attempt.ts';

const CONNECTION: NodeConnection = {
  send: () => Promise.resolve('OK'),
  subscribe: () => Promise.resolve(),
  finish: () => Promise.resolve(),
};

test('a server that takes connections and drops them again is not overrun with new ones', async (t) => {
  let opened = 0;
  const open: Open<NodeConnection> = async ({ lost }) => {
    opened += 1;
    setImmediate(() => lost(new Error('dropped')));
    return Promise.resolve(CONNECTION);
  };
  const link = createRedisLink({ open });
  t.after(() => link.close());
  for (let turn = 0; turn < 300; turn += 1) await immediate();
  assert.ok(opened < 10, String(opened));
  await t.waitFor(() => assert.ok(opened >= 4));
});

function notYet(): void {
  assert.fail('not connected');
}

test('a connection that was of use and is lost is made again at once', async (t) => {
  let lose: (reason: unknown) => void = notYet;
  let opened = 0;
  const open: Open<NodeConnection> = ({ lost }) => {
    opened += 1;
    lose = lost;
    return Promise.resolve(CONNECTION);
  };
  const link = createRedisLink({ open });
  t.after(() => link.close());
  assert.equal(await link.send(['PING']), 'OK');
  lose(new Error('dropped'));
  assert.equal(opened, 2);
  assert.equal(await link.send(['PING']), 'OK');
});
