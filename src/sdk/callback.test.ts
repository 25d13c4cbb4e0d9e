import assert from 'node:assert/strict';
import test from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { refuse } from './http/refusal.ts';
import { anyPrincipal, AuthError, fromEnv } from './index.ts';
import { ENV } from './testing/fixtures.ts';

/** Whatever rejected unheard while the work ran and for a turn after it. */
async function unheard(work: () => unknown): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  const listen = (reason: unknown): void => void found.push(reason);
  process.on('unhandledRejection', listen);
  try {
    await work();
    await turn();
    await turn();
  } finally {
    process.removeListener('unhandledRejection', listen);
  }
  return found;
}

async function failing(): Promise<void> {
  await turn();
  throw new Error('a bug of the application');
}

test('a listener of events that rejects changes no verdict and leaves no rejection unheard (5.4)', async (t) => {
  let told = 0;
  const onEvent = (): unknown => {
    told += 1;
    return failing();
  };
  const auth = fromEnv({ env: ENV, onEvent });
  t.after(() => auth.close());
  const found = await unheard(async () => {
    const outcome = await auth.authenticate({ headers: {} }, anyPrincipal);
    assert.equal(outcome.ok, false);
  });
  assert.deepEqual([told, found], [1, []]);
});

test('onRefused may be asynchronous: what it rejects with changes no answer and leaves no rejection unheard', async () => {
  let told = 0;
  const onRefused = (): unknown => {
    told += 1;
    return failing();
  };
  const found = await unheard(() => {
    assert.equal(refuse(new AuthError('token_missing'), { onRefused }).status, 401);
  });
  assert.deepEqual([told, found], [1, []]);
});
