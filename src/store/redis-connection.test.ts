import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { StoreUnavailable } from './errors.ts';
import { openRedis } from './redis-connection.ts';

test('L3: the password of an address that cannot be read is in no part of the error', async () => {
  const open = openRedis('redis://user:canary@server:9999999');
  const opening = open({ ending: new AbortController().signal, lost() {}, untilEnded() {} });
  await assert.rejects(opening, (error) => error instanceof StoreUnavailable && !inspect(error).includes('canary'));
});
