import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeBase64Url } from '../base64url.ts';
import { userTokenEnd } from './user-token-end.ts';

const NOW = 1_000_000;

function token(claims: unknown): string {
  return `${encodeBase64Url('{"alg":"RS256"}')}.${encodeBase64Url(JSON.stringify(claims))}.AA`;
}

test('what comes of a user token ends with it, and after 60 s if its end cannot be read (2.7)', () => {
  assert.equal(userTokenEnd(token({ exp: NOW + 3600 }), NOW), NOW + 3600);
  assert.equal(userTokenEnd(token({ exp: NOW - 1 }), NOW), NOW - 1);
  for (const unreadable of [
    '',
    'opaque',
    'a.b.c',
    token([]),
    token({}),
    token({ exp: 'soon' }),
    token({ exp: null }),
  ]) {
    assert.equal(userTokenEnd(unreadable, NOW), NOW + 60, unreadable);
  }
});
