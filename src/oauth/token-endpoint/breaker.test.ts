import assert from 'node:assert/strict';
import test from 'node:test';
import { createTokenEndpoint } from './token-endpoint.ts';
import type { FormMaker, TokenEndpoint } from './token-endpoint.ts';
import type { TokenGrant } from './token-answer.ts';
import { TokenRequestFailed } from './token-failure.ts';

interface World {
  readonly clock: { now: number };
  /** How every request that reached the provider ends; undefined: not yet. */
  answer: (() => Response) | undefined;
  sent: number;
  readonly endpoint: TokenEndpoint;
}

/** A provider that is not there until it is told otherwise. */
function world(): World {
  const clock = { now: 0 };
  const endpoint = createTokenEndpoint({
    url: () => Promise.resolve('https://op.test/token'),
    fetch: async () => {
      made.sent += 1;
      while (made.answer === undefined) await new Promise((resolve) => setImmediate(resolve));
      return made.answer();
    },
    now: () => clock.now,
    limits: { maxRetries: 0 },
  });
  const made: World = { clock, answer: down, sent: 0, endpoint };
  return made;
}

function down(): Response {
  throw new TypeError('fetch failed');
}

function ask({ endpoint }: World, form: FormMaker = async () => ({})): Promise<TokenGrant | TokenRequestFailed> {
  return endpoint.request(form, { forUser: false }).catch((error: unknown) => {
    assert.ok(error instanceof TokenRequestFailed);
    return error;
  });
}

test('one trial at a time: a request from before the breaker opened that could not be sent lets no second one through (3.3)', async () => {
  const it = world();
  const gate = Promise.withResolvers<void>();
  const early = ask(it, async () => {
    await gate.promise;
    throw new Error('no key');
  });
  for (let failure = 0; failure < 5; failure += 1) await ask(it);
  it.clock.now = 2;
  it.answer = undefined;
  const trial = ask(it);
  gate.resolve();
  await early;
  const other = ask(it);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(it.sent, 6);
  it.answer = () => Response.json({ access_token: 'a', token_type: 'Bearer', expires_in: 60 });
  const refused = await other;
  assert.ok(refused instanceof TokenRequestFailed);
  assert.match(refused.description, /pause/);
  assert.deepEqual(await trial, { accessToken: 'a', expiresIn: 60 });
  assert.equal(it.endpoint.breakerOpen(), false);
});

test('what ends late says nothing of a provider whose pause has grown by trials since (3.3)', async () => {
  const it = world();
  const gate = Promise.withResolvers<void>();
  const early = ask(it, async () => {
    await gate.promise;
    return {};
  });
  for (let failure = 0; failure < 5; failure += 1) await ask(it);
  it.clock.now = 2;
  gate.resolve();
  await early;
  const failed = await ask(it);
  assert.ok(failed instanceof TokenRequestFailed);
  assert.match(failed.description, /no connection/);
  const refused = await ask(it);
  assert.ok(refused instanceof TokenRequestFailed);
  assert.equal(refused.retryAfterSeconds, 4);
});

test('the attempt that opens the breaker is not made again (3.3)', async () => {
  let sent = 0;
  const endpoint = createTokenEndpoint({
    url: () => Promise.resolve('https://op.test/token'),
    fetch: async () => {
      sent += 1;
      return down();
    },
    now: () => 0,
    wait: async () => {},
  });
  const asked = [];
  for (let request = 0; request < 3; request += 1) {
    await assert.rejects(
      endpoint.request(async () => ({}), { forUser: false }),
      TokenRequestFailed,
    );
    asked.push(sent);
  }
  assert.deepEqual(asked, [2, 4, 5]);
});

test('a trial that was never sent says nothing: the next request is the trial (3.3)', async () => {
  const it = world();
  for (let failure = 0; failure < 5; failure += 1) await ask(it);
  it.clock.now = 2;
  it.answer = () => Response.json({ access_token: 'a', token_type: 'Bearer', expires_in: 60 });
  const unsigned = await ask(it, async () => await Promise.reject(new Error('no key')));
  assert.ok(unsigned instanceof TokenRequestFailed);
  assert.equal(unsigned.failure, 'signing');
  assert.equal(it.endpoint.breakerOpen(), true);
  assert.deepEqual(await ask(it), { accessToken: 'a', expiresIn: 60 });
  assert.equal(it.endpoint.breakerOpen(), false);
});
