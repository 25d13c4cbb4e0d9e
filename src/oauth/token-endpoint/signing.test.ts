import assert from 'node:assert/strict';
import test from 'node:test';
import { createTokenEndpoint } from './token-endpoint.ts';
import { TokenRequestFailed } from './token-failure.ts';

test('what cannot be signed is 500 server_error with one text, is not sent, and gives the provider no pause (3.4)', async () => {
  let sent = 0;
  const endpoint = createTokenEndpoint({
    url: () => Promise.resolve('https://op.test/token'),
    fetch: async () => {
      sent += 1;
      return Response.json({ access_token: 'a', token_type: 'Bearer', expires_in: 60 });
    },
    now: () => 0,
    wait: () => Promise.resolve(),
  });
  let signed = 0;
  const broken = async (): Promise<Record<string, string>> => {
    signed += 1;
    throw new Error('the key is d=geheim');
  };
  // More often than a provider may fail before it is given a pause.
  for (let round = 1; round <= 6; round += 1) {
    const failure: unknown = await endpoint.request(broken, { forUser: false }).catch((error: unknown) => error);
    assert.ok(failure instanceof TokenRequestFailed);
    const { status, error, description, retryAfterSeconds } = failure;
    assert.deepEqual(
      [status, error, description, retryAfterSeconds],
      [500, 'server_error', 'Failed to sign assertion', undefined],
    );
    assert.ok(!failure.message.includes('geheim'));
    assert.equal(signed, round, 'another attempt would not be signed either');
  }
  assert.equal(sent, 0);
  assert.notEqual(endpoint.state(), 'open');
  await endpoint.request(async () => ({ assertion: 'x' }), { forUser: false });
  assert.equal(sent, 1);
});
