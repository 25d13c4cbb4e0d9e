import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createTestKeys, createWorld, ISSUER, START } from '../testing/world.ts';
import type { Change } from '../testing/world.ts';

const keys = await createTestKeys();
const world = await createWorld({ keys });
after(() => world.close());

const NO_TYP = { typ: undefined };
const ENDPOINT = `${ISSUER}/token`;

/** Assertions as the libraries of other languages write them when they are left to themselves. */
const STACKS: Readonly<Record<string, Change>> = {
  'Spring: the token endpoint as audience, no nbf, no typ': { claims: { aud: ENDPOINT }, header: NO_TYP },
  'exp alone for the time': { claims: { iat: undefined, exp: START + 60 } },
  'an audience in a list of one': { claims: { aud: [ISSUER] } },
  'the token endpoint in a list of one': { claims: { aud: [ENDPOINT] } },
  'no typ': { header: NO_TYP },
  'typ of the newer kind': { header: { typ: 'client-authentication+jwt' } },
  'iat, nbf and exp, two minutes apart': { claims: { iat: START, nbf: START, exp: START + 120 } },
  'nbf some seconds back, as clocks differ': { claims: { nbf: START - 60 } },
  'claims of its own besides': { claims: { client: 'x', nonce: 'n', ver: 1 } },
};

test('I03: assertions as other stacks make them are taken', async () => {
  for (const [stack, change] of Object.entries(STACKS)) {
    const answer = await world.exchange({ client_assertion: await world.assertion(change) });
    assert.equal(answer.status, 200, `${stack}: ${answer.text}`);
  }
});

test('I03: client_id beside the assertion is taken when it is the same', async () => {
  assert.equal((await world.exchange({ client_id: 'dev:fleet:web' })).status, 200);
});

test('I03: the five minutes that some stacks give an assertion are too long, and the answer says so', async () => {
  const client_assertion = await world.assertion({ claims: { iat: START, exp: START + 300 } });
  const { body } = await world.exchange({ client_assertion });
  assert.deepEqual([body['error'], body['fm_reason']], ['invalid_client', 'client-lifetime']);
});
