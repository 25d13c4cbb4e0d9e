import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { createSealer } from '../../web/seal.ts';
import { newLogoutState, openJourney, sealJourney } from './logout-state.ts';

const SEALER = createSealer([Buffer.alloc(32, 5)]);
const NAME = '__Host-fullmakt.logout';

test('LO-7: what is left of a logout comes back whole, with its own state and under its own name alone', () => {
  const journey = {
    named: undefined,
    target: '/bye?a=b c',
    stops: [{ provider: 'work', idTokenHint: 'e.y.J', logoutHint: undefined }],
  };
  const state = newLogoutState();
  assert.match(state, /^[\w-]{22}$/);
  const value = sealJourney(SEALER, NAME, { state, journey });
  assert.deepEqual(openJourney(SEALER, { name: NAME, value }, state), journey);
  assert.equal(openJourney(SEALER, { name: NAME, value }, newLogoutState()), undefined);
  assert.equal(openJourney(SEALER, { name: NAME, value }, undefined), undefined);
  assert.equal(openJourney(SEALER, { name: 'other', value }, state), undefined);
});

test('LO-7: ID tokens that would make the cookie too long are left out, the visits are not', () => {
  const long = 'x'.repeat(3000);
  const stops = ['one', 'two'].map((provider) => ({ provider, idTokenHint: long, logoutHint: 'who' }));
  const value = sealJourney(SEALER, NAME, { state: 's', journey: { named: undefined, target: undefined, stops } });
  assert.ok(value.length < 400);
  const opened = openJourney(SEALER, { name: NAME, value }, 's');
  assert.deepEqual(
    opened?.stops.map(({ provider, idTokenHint, logoutHint }) => [provider, idTokenHint, logoutHint]),
    [
      ['one', undefined, 'who'],
      ['two', undefined, 'who'],
    ],
  );
});

test('L20: whatever stands in the cookie of a logout is none of ours, and never throws (property)', () => {
  const text = fc.oneof(fc.string(), fc.base64String(), fc.stringMatching(/^[\w-]{0,200}$/));
  fc.assert(fc.property(text, text, (value, state) => openJourney(SEALER, { name: NAME, value }, state) === undefined));
});
