import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { createSealer } from '../../web/seal.ts';
import { cookieScope, isOwnCookie } from '../cookie-names.ts';
import { parseIngress } from '../ingress.ts';
import { beginAttempt, openAttemptCookie, openState } from '../attempt/login-state.ts';
import type { SessionRecord } from './record.ts';
import { openRecord, sealRecord } from './record.ts';
import { createTicket, openTicket, recordKey, sealTicket } from './ticket.ts';

const SEALER = createSealer([Buffer.alloc(32, 3)]);
const RECORD: SessionRecord = {
  issuer: 'https://idp.test',
  clientId: 'c',
  provider: 'openid',
  subject: 's',
  sid: 'sid',
  acr: undefined,
  amr: ['pwd'],
  authTime: 1,
  accessToken: 'a',
  idToken: 'i',
  refreshToken: undefined,
  times: { createdAt: 1, endsAt: 2, timeoutAt: undefined, expireAt: 3, refreshedAt: 4 },
  others: { later_member: { kept: true } },
};

test('a ticket is 136 characters and opens only under its own cookie name (SE-3)', () => {
  const ticket = createTicket(1_800_000_000.5);
  const value = sealTicket(SEALER, ticket, 'name');
  assert.equal(value.length, 136);
  assert.deepEqual(openTicket(SEALER, value, 'name'), { ...ticket, issuedAt: 1_800_000_000 });
  assert.equal(openTicket(SEALER, value, 'other'), undefined);
});

test('a record opens only with its ticket and under its own key, and keeps members of other versions (SE-7)', () => {
  const ticket = createTicket(1);
  const key = recordKey(ticket.sessionId);
  const sealed = sealRecord(RECORD, ticket.dataKey, key);
  assert.deepEqual(openRecord(sealed, ticket.dataKey, key), RECORD);
  assert.equal(openRecord(sealed, ticket.dataKey, 'other'), undefined);
  assert.equal(openRecord(sealed, createTicket(1).dataKey, key), undefined);
  assert.ok(!sealed.toString('latin1').includes('https://idp.test'));
});

test('flipping any byte of a record leaves no session, never an exception (SE-8, A16)', () => {
  const ticket = createTicket(1);
  const sealed = sealRecord(RECORD, ticket.dataKey, 'key');
  for (let index = 0; index < sealed.length; index += 1) {
    const flipped = Buffer.from(sealed);
    flipped[index] = (flipped[index] ?? 0) ^ 1;
    assert.equal(openRecord(flipped, ticket.dataKey, 'key'), undefined);
  }
});

test('whatever stands in cookies and state is no ticket, attempt or state of ours, and never throws (L20, property)', () => {
  const text = fc.oneof(fc.string(), fc.base64String(), fc.stringMatching(/^[\w-]{0,200}$/));
  fc.assert(
    fc.property(text, (value) => {
      assert.equal(openTicket(SEALER, value, 'name'), undefined);
      assert.equal(openState(SEALER, value, 0), undefined);
      assert.equal(openAttemptCookie(SEALER, { name: 'name', value }, { state: value, now: 0 }), undefined);
    }),
    { numRuns: 1000 },
  );
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      (bytes) => openRecord(Buffer.from(bytes), Buffer.alloc(32), 'key') === undefined,
    ),
  );
});

const START = {
  provider: 'openid',
  ingress: 'https://app.test',
  level: undefined,
  maxAgeSeconds: undefined,
  locale: undefined,
  tries: 0,
  now: 1000,
};

test('an attempt comes back whole from state and cookie, and its cookie is below 300 bytes (LG-5, LG-6)', () => {
  const attempt = beginAttempt(SEALER, { ...START, target: '/x?y=z' });
  const cookie = {
    name: `__Host-fullmakt.login.${attempt.cookieId}`,
    value: attempt.seal(`__Host-fullmakt.login.${attempt.cookieId}`),
  };
  assert.ok(cookie.name.length + cookie.value.length < 300, String(cookie.name.length + cookie.value.length));
  assert.equal(openState(SEALER, attempt.state, 1000)?.target, '/x?y=z');
  const secrets = openAttemptCookie(SEALER, cookie, { state: attempt.state, now: 1600 });
  assert.equal(secrets?.nonce, attempt.nonce);
  assert.equal(secrets?.codeVerifier, attempt.codeVerifier);
  assert.equal(openAttemptCookie(SEALER, cookie, { state: attempt.state, now: 1601 }), undefined);
  assert.equal(
    openAttemptCookie(SEALER, cookie, { state: beginAttempt(SEALER, { ...START, target: '/' }).state, now: 1000 }),
    undefined,
  );
  assert.equal(openState(SEALER, attempt.state, 1000 + 86_401), undefined);
});

test('a long target stays whole in the cookie and is its path in state (LG-6)', () => {
  const target = `/path?${'q'.repeat(400)}`;
  const attempt = beginAttempt(SEALER, { ...START, target });
  assert.equal(openState(SEALER, attempt.state, 1000)?.target, '/path');
  assert.equal(
    openAttemptCookie(SEALER, { name: 'n', value: attempt.seal('n') }, { state: attempt.state, now: 1000 })?.target,
    target,
  );
});

function sessionCookieName(url: string): string {
  return cookieScope('session', parseIngress(url), { prefix: 'fullmakt', secure: true }).name;
}

test('cookie names follow the ingress, and ours are recognised under any name prefix (SE-1, HD-4)', () => {
  assert.equal(sessionCookieName('https://app.test'), '__Host-fullmakt.session');
  assert.match(sessionCookieName('https://app.test/a'), /^__Secure-fullmakt\.session\.[0-9a-f]{6}$/);
  assert.equal(sessionCookieName('http://localhost:7500'), 'fullmakt.session');
  for (const own of [
    'fullmakt.session',
    '__Host-fullmakt.login.abc',
    '__Secure-fullmakt.logout.123456',
    '__host-fullmakt.counter',
  ]) {
    assert.ok(isOwnCookie(own, 'fullmakt'), own);
  }
  for (const other of ['session', 'fullmakt', 'fullmakt.theme', 'myfullmakt.session', 'fullmakt-session'])
    assert.ok(!isOwnCookie(other, 'fullmakt'), other);
});

test('http is for localhost, and an ingress is an origin with plain path segments (SE-1)', () => {
  assert.equal(parseIngress('http://localhost:7500/').url, 'http://localhost:7500');
  for (const text of [
    'http://app.test',
    'ftp://app.test',
    'https://app.test/?x',
    'https://u@app.test',
    'https://app.test/a%2fb',
    'app.test',
  ]) {
    assert.throws(() => parseIngress(text), Error, text);
  }
});
