import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parsePerson } from './person.ts';
import type { Person } from './person.ts';
import { SCOPE_CLAIMS, standardClaims } from './standard-claims.ts';

const ENTRY = { pid: '01819090285', name: { given: 'Ærlig', family: 'Ås' } };

function person(entry: Readonly<Record<string, unknown>>): Person {
  const result = parsePerson(entry);
  assert.ok(typeof result !== 'string', 'a person');
  return result;
}

test('openid: a person has every standard claim of Core 5.1, made up where the file is silent', () => {
  const claims = standardClaims(person(ENTRY));
  const names = Object.values(SCOPE_CLAIMS).flat();
  assert.deepEqual(Object.keys(claims).toSorted(), names.toSorted());
  assert.equal(claims['birthdate'], '1990-01-01');
  assert.equal(claims['email'], 'aerlig.as@example.test');
  assert.equal(claims['preferred_username'], 'aerlig.as');
  assert.match(String(claims['phone_number']), /^\+470\d{7}$/);
});

test('openid: what the file gives wins, by the names of Core 5.1', () => {
  const given = { email: 'other@example.test', address: { country: 'SE' }, updated_at: 1 };
  const claims = standardClaims(person({ ...ENTRY, ...given }));
  for (const [name, value] of Object.entries(given)) assert.deepEqual(claims[name], value);
});

test('openid: a standard claim of the wrong type leaves its person out, and says which', () => {
  const told = [{ email_verified: 'yes' }, { pid: 'x', address: [] }].map((change) =>
    parsePerson({ ...ENTRY, ...change }),
  );
  const [one = '', two = ''] = told.map((each) => (typeof each === 'string' ? each : 'a person'));
  assert.match(one, /^email_verified: /);
  assert.match(two, /pid: .*address: /);
});

test('openid: any entry is a person or a problem that quotes no pid', () => {
  fc.assert(
    fc.property(fc.anything(), (extra) => {
      const result = parsePerson({ ...ENTRY, email: extra, address: extra });
      if (typeof result === 'string') assert.ok(!result.includes(ENTRY.pid));
      else assert.equal(result.pid, ENTRY.pid);
    }),
  );
});
