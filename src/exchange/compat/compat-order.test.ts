import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { compatConfig } from '../testing/compat.ts';
import { legacyFaults, mergedFaults, sendFaulty } from '../testing/legacy-faults.ts';
import type { FaultAnswer, LegacyFault } from '../testing/legacy-faults.ts';
import { createTestKeys, createWorld, IDP, ISSUER, START } from '../testing/world.ts';

const keys = await createTestKeys();
const world = await createWorld({ keys, config: compatConfig() });
after(() => world.close());

const WEB = 'dev:fleet:web';
const ORDER = legacyFaults({ issuer: ISSUER, now: START, margin: 0 });

const send = (fault: Partial<LegacyFault>, on = world): Promise<FaultAnswer> =>
  sendFaulty(fault, { ...on, keys, now: () => on.clock.now });

test('X02: each situation is told with the status and code of a tokendings server, names its facts, and has no fm_reason', async () => {
  for (const fault of ORDER) {
    const { status, body, text, headers } = await send(fault);
    assert.deepEqual([status, body['error']], [fault.status, fault.error], `${fault.what}: ${text}`);
    const description = String(body['error_description']);
    for (const fact of fault.says) assert.ok(description.includes(fact), `${fault.what}: ${description} names ${fact}`);
    assert.match(description, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
    assert.deepEqual(Object.keys(body).toSorted(), ['error', 'error_description']);
    assert.equal(headers['cache-control'], 'no-store');
  }
});

test('X02: a good request is answered, with the claims of the preset', async () => {
  const answer = await send({});
  assert.equal(answer.status, 200, answer.text);
});

test('X02: of each pair of faults the first in the order of a tokendings server answers', async (t) => {
  let pairs = 0;
  for (const [place, first] of ORDER.entries()) {
    // A world for each, because so many failures of one client are a flood.
    const own = await createWorld({ keys, config: compatConfig() });
    t.after(() => own.close());
    for (const second of ORDER.slice(place + 1)) {
      const pair = mergedFaults(first, second);
      if (pair === undefined) continue;
      pairs += 1;
      // oxlint-disable-next-line no-await-in-loop -- one at a time, so that the replayed one is the last that was sent
      const { status, body, text } = await send(pair, own);
      assert.deepEqual([status, body['error']], [first.status, first.error], `${first.what} + ${second.what}: ${text}`);
      const description = String(body['error_description']);
      for (const fact of first.says)
        assert.ok(description.includes(fact), `${first.what} + ${second.what}: ${description}`);
    }
  }
  assert.ok(pairs > 250, `only ${pairs} pairs`);
});

test('X02: a missing grant_type and a missing issuer are named null', async () => {
  const grant = await send({ form: { grant_type: undefined } });
  assert.deepEqual([grant.status, grant.body['error']], [403, 'access_denied']);
  assert.match(String(grant.body['error_description']), /null/);
  const issuer = await send({ subject: { claims: { iss: undefined } } });
  assert.match(String(issuer.body['error_description']), /null/);
});

/** What differs on purpose, as long as a tokendings server is the measure: these answer 400 and nothing worse. */
const ACCEPTED_DIFFERENCES: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['a resource nobody declared is refused', { resource: 'https://unknown.example.test' }],
  [
    'an actor token that is none is refused',
    { actor_token: 'x', actor_token_type: 'urn:ietf:params:oauth:token-type:jwt' },
  ],
  ['a restricting parameter is refused', { authorization_details: '[]' }],
];

for (const [what, form] of ACCEPTED_DIFFERENCES) {
  test(`X02, accepted difference: ${what}`, async () => {
    const answer = await send({ form });
    assert.equal(answer.status, 400, answer.text);
    assert.equal(answer.body['fm_reason'], undefined);
  });
}

test('X02, accepted difference: an ID token, a bound token and one assertion twice are refused', async () => {
  for (const claims of [{ nonce: 'n' }, { cnf: { jkt: 'x' } }]) {
    const answer = await send({ subject: { claims } });
    assert.deepEqual([answer.status, answer.body['error']], [400, 'invalid_request']);
  }
});

test('X02: an own token for somebody else, an unsigned subject, one with another algorithm and an ID token are told as such a server tells them', async () => {
  const own = await send({});
  const [part, text] = [(value: object) => Buffer.from(JSON.stringify(value)).toString('base64url'), 'c2ln'];
  const subject = (alg: string, iss: string): string =>
    `${part({ alg })}.${part({ iss, iat: START, exp: START + 9 })}.`;
  const cases: readonly (readonly [Partial<LegacyFault>, readonly string[]])[] = [
    [{ subject: { raw: String(own.body['access_token']) } }, ['subject token', WEB]],
    [{ subject: { raw: subject('none', IDP) } }, ['subject token', 'signed JWT']],
    [{ subject: { raw: `${subject('HS256', 'https://x.example.test')}${text}` } }, ['https://x.example.test']],
    [{ subject: { raw: `${subject('HS256', IDP)}${text}` } }, ['subject token', 'alg']],
    [
      { form: { subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' } },
      ['subject_token_type', 'urn:ietf:params:oauth:token-type:jwt'],
    ],
  ];
  for (const [fault, says] of cases) {
    const { status, body } = await send(fault);
    assert.deepEqual([status, body['error'], body['fm_reason']], [400, 'invalid_request', undefined]);
    const description = String(body['error_description']);
    for (const fact of says) assert.ok(description.includes(fact), `${description} names ${fact}`);
  }
});
