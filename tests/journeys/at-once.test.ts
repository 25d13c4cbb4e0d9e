import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBrowser } from './browser.ts';
import { readChain, readRefusals } from './chain.ts';
import { copyExamples, freeOffset, removeCopy, startPlatform } from './platform.ts';
import { signIn } from './sign-in.ts';

test('`ready` means ready: whoever signs in the moment it is said gets the whole chain, at a first start and later', async (t) => {
  const dir = copyExamples();
  t.after(() => removeCopy(dir));
  const offset = await freeOffset();
  for (const start of ['first', 'second', 'third']) {
    const platform = await startPlatform(dir, offset);
    try {
      const page = await signIn(createBrowser(), platform.url('citizen-portal'), '01819090285', 'substantial');
      assert.deepEqual(readRefusals(page), [], `the ${start} start`);
      assert.equal(readChain(page).length, 3, `the ${start} start`);
    } finally {
      await platform.stop();
    }
  }
});
