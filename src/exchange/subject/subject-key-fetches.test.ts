import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestKeys, createWorld } from '../testing/world.ts';

const keys = await createTestKeys();

test('J9, N12: an unauthorised caller causes no fetch, unknown kids few, and the good keys stay', async (t) => {
  const own = await createWorld({ keys });
  t.after(() => own.close());
  assert.equal((await own.exchange()).status, 200);
  const before = own.fetches();
  for (let index = 0; index < 40; index += 1) {
    const subject_token = await own.subject({ key: { ...keys.idp, kid: `random-${index}` } });
    await own.exchange({ subject_token, client_assertion: await own.assertion({ key: keys.stranger }) });
  }
  assert.equal(own.fetches(), before);
  own.clock.now += 120;
  for (let index = 0; index < 40; index += 1) {
    const answer = await own.exchange({
      subject_token: await own.subject({ key: { ...keys.idp, kid: `random-${index}` } }),
    });
    assert.equal(answer.body['fm_reason'], 'subject-signature');
  }
  assert.ok(own.fetches() - before <= 2, `${own.fetches() - before} fetches`);
  assert.equal((await own.exchange()).status, 200);
});
