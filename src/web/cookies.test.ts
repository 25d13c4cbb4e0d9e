import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { CookieAttributes } from './cookies.ts';
import { clearCookie, nameOfSetCookie, parseCookies, setCookie, withoutCookies } from './cookies.ts';

const SESSION: CookieAttributes = { path: '/', httpOnly: true, secure: true, sameSite: 'Lax' };

test('keeps both values of a name that came twice, in order', () => {
  const cookies = parseCookies('a=1; b=2;a=3 ; c=x=y; d="q"; e; ; =f');
  assert.deepEqual(cookies.get('a'), ['1', '3']);
  assert.deepEqual(cookies.get('c'), ['x=y']);
  assert.deepEqual(cookies.get('d'), ['"q"']);
  assert.deepEqual(cookies.get(''), ['e', 'f']);
});

test('takes nothing but blanks and tabs from around a name: a cookie that another host of the domain could set is not one with a prefix', () => {
  const names = [...parseCookies('\u00a0__Host-s=1;\t __Host-s \t= 2; __Host-s\u00a0=3').keys()];
  assert.deepEqual(names, ['\u00a0__Host-s', '__Host-s', '__Host-s\u00a0']);
  assert.deepEqual(parseCookies('\t __Host-s \t=\u00a02 ').get('__Host-s'), ['\u00a02']);
  assert.deepEqual([...parseCookies('   ; \t;=;').entries()], [['', ['']]]);
});

test('finds nothing in no header, and no name that objects inherit', () => {
  assert.equal(parseCookies(undefined).size, 0);
  assert.equal(parseCookies('a=1').get('__proto__'), undefined);
});

test('writes all attributes', () => {
  assert.equal(
    setCookie('__Host-a.session', 'v', SESSION),
    '__Host-a.session=v; Path=/; HttpOnly; Secure; SameSite=Lax',
  );
  assert.equal(
    setCookie('a', '', {
      path: '/p',
      domain: 'a.test',
      maxAgeSeconds: 60.9,
      httpOnly: false,
      secure: false,
      sameSite: 'None',
    }),
    'a=; Path=/p; Domain=a.test; Max-Age=60; SameSite=None',
  );
  assert.match(clearCookie('a', SESSION), /^a=; Path=\/; Max-Age=0; .*; Expires=Thu, 01 Jan 1970 00:00:00 GMT$/);
});

const IMPOSSIBLE: readonly (readonly [name: string, value: string, attributes: CookieAttributes])[] = [
  ['a b', 'v', SESSION],
  ['', 'v', SESSION],
  ['a', 'v;Domain=evil.test', SESSION],
  ['a', 'v\r\nSet-Cookie: b=1', SESSION],
  ['a', 'æ', SESSION],
  ['a', 'v', { ...SESSION, path: '/;Domain=evil.test' }],
  ['a', 'v', { ...SESSION, domain: 'a.test\n' }],
  ['__Host-a', 'v', { ...SESSION, secure: false }],
  ['__Host-a', 'v', { ...SESSION, path: '/p' }],
  ['__host-a', 'v', { ...SESSION, domain: 'a.test' }],
  ['__Secure-a', 'v', { ...SESSION, secure: false }],
];
for (const [name, value, attributes] of IMPOSSIBLE)
  test(`refuses to write ${JSON.stringify([name, value, attributes])}`, () => {
    assert.throws(() => setCookie(name, value, attributes));
  });

function isOurs(name: string): boolean {
  return name.startsWith('__Host-');
}

test('cuts our cookies out and leaves the bytes of the others', () => {
  assert.equal(withoutCookies('a=1; __Host-s=x; b="2" ;c', isOurs), 'a=1; b="2"; c');
  assert.equal(withoutCookies('__Host-s=x;__Host-s = y', isOurs), undefined);
});

test('knows the name that a Set-Cookie sets', () => {
  assert.equal(nameOfSetCookie(' __Host-s =x; Path=/'), '__Host-s');
  assert.equal(nameOfSetCookie('novalue; Path=/'), 'novalue');
  assert.equal(nameOfSetCookie('==__Host-s=x'), '__Host-s');
  assert.equal(nameOfSetCookie('; Path=/'), '');
});

test('reads back what it writes', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9_.-]{1,20}$/).filter((each) => !each.toLowerCase().startsWith('__'));
  const value = fc.stringMatching(/^[A-Za-z0-9_.~!#$%&'()*+/:<=>?@[\]^`{|}-]{0,40}$/);
  fc.assert(
    fc.property(name, value, fc.string(), (cookie, text, junk) => {
      const pair = setCookie(cookie, text, SESSION).split('; ')[0] ?? '';
      assert.ok(parseCookies(`${junk}; ${pair}`).get(cookie)?.includes(text));
    }),
  );
});

test('never leaves a cookie that is ours, whatever the header', () => {
  const unit = fc.constantFrom('s', 'x', '=', ';', ' ', '"', '\t');
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 40 }), (header) => {
      const left = parseCookies(withoutCookies(header, (name) => name === 's'));
      assert.equal(left.has('s'), false);
      const others = [...parseCookies(header)].filter(([name]) => name !== 's');
      assert.deepEqual([...left], others);
    }),
  );
});
