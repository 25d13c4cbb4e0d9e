import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlaceUnusable } from './listen.ts';
import { openListener } from './testing/raw-client.ts';

test('an address that is none of this machine is an error that names it, the listener and the setting', async (t) => {
  for (const host of ['192.0.2.1', 'nobody.invalid']) {
    await assert.rejects(openListener(t, { host, port: 1, setting: 'THE_SETTING' }), (error) => {
      assert.ok(error instanceof PlaceUnusable);
      assert.match(error.message, new RegExp(`${host}:1 .* is no place to listen on .*; set THE_SETTING`));
      return true;
    });
  }
});
