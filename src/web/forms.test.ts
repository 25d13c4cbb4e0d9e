import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { fakeRequest } from './testing/fake-request.ts';
import type { Form } from './forms.ts';
import { parseForm, parseQuery, readForm } from './forms.ts';

const TYPE = 'application/x-www-form-urlencoded';

function formOf(text: string): Form {
  const result = parseForm(text);
  assert.ok(result.ok);
  return result.form;
}

function parameters(count: number): string {
  return Array.from({ length: count }, (_, index) => `p${index}=1`).join('&');
}

function bodyOf(bytes: number): string {
  return `a=${'x'.repeat(bytes - 2)}`;
}

test('decodes names and values once, with + as a blank', () => {
  const form = formOf('a=1+2&b%20c=%C3%A6%2B&d=%2525&e=x=y');
  assert.deepEqual(Object.fromEntries(form.values), { a: '1 2', 'b c': 'æ+', d: '%25', e: 'x=y' });
});

test('counts an empty parameter as absent, but knows its name (RFC 6749 3.1)', () => {
  const form = formOf('a=&b&c=1');
  assert.deepEqual([form.get('a'), form.has('a'), form.get('b'), form.has('c')], [undefined, false, undefined, true]);
  assert.deepEqual(form.names, ['a', 'b', 'c']);
});

test('tells which names came more than once, however they are spelt, and keeps the first value', () => {
  const form = formOf('a=1&b=2&%61=3&a=4&b=');
  assert.deepEqual(form.duplicates, ['a', 'b']);
  assert.deepEqual([form.get('a'), form.get('b')], ['1', '2']);
});

test('reads names that objects inherit like any other', () => {
  assert.equal(formOf('x=1').get('__proto__'), undefined);
  assert.equal(formOf('__proto__=1').get('__proto__'), '1');
});

for (const text of ['a=%', 'a=%2', 'a=%zz', '%=1', 'a=%ff', 'a=%c0%af', 'a=%ed%a0%80'])
  test(`refuses ${text}: a stray percent sign, or bytes that are no UTF-8`, () => {
    assert.deepEqual(parseForm(text), { ok: false, fault: 'malformed' });
  });

test('accepts 32 parameters and refuses 33', () => {
  assert.equal(parseForm(parameters(32)).ok, true);
  assert.deepEqual(parseForm(parameters(33)), { ok: false, fault: 'too-many-parameters' });
  assert.deepEqual(parseQuery('a&'.repeat(33)), { ok: false, fault: 'too-many-parameters' });
});

for (const type of [TYPE, `${TYPE}; charset=utf-8`, `${TYPE.toUpperCase()};charset="UTF-8"`])
  test(`reads a body of type ${type}`, async () => {
    const result = await readForm(fakeRequest({ headers: { 'Content-Type': type }, body: 'a=1' }));
    assert.ok(result.ok);
    assert.equal(result.form.get('a'), '1');
  });

for (const type of ['application/json', 'text/plain', `${TYPE}; charset=iso-8859-1`, `${TYPE}x`, `x, ${TYPE}`, ''])
  test(`refuses a body of type ${JSON.stringify(type)}`, async () => {
    const result = await readForm(fakeRequest({ headers: { 'Content-Type': type }, body: 'a=1' }));
    assert.deepEqual(result, { ok: false, fault: 'content-type' });
  });

test('refuses a compressed body', async () => {
  const headers = { 'Content-Type': TYPE, 'Content-Encoding': 'gzip' };
  assert.deepEqual(await readForm(fakeRequest({ headers, body: 'a=1' })), { ok: false, fault: 'content-encoding' });
});

test('accepts a body of 64 KiB and refuses one byte more', async () => {
  const headers = { 'Content-Type': TYPE };
  assert.equal((await readForm(fakeRequest({ headers, body: bodyOf(64 * 1024) }))).ok, true);
  const over = await readForm(fakeRequest({ headers, body: bodyOf(64 * 1024 + 1) }));
  assert.deepEqual(over, { ok: false, fault: 'too-large' });
});

test('refuses a body whose raw bytes are no UTF-8', async () => {
  const request = fakeRequest({ headers: { 'Content-Type': TYPE }, body: Buffer.from([0x61, 0x3d, 0xff]) });
  assert.deepEqual(await readForm(request), { ok: false, fault: 'malformed' });
});

test('reads back whatever URLSearchParams writes', () => {
  const entries = fc.uniqueArray(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })), {
    selector: ([name]) => name,
    maxLength: 32,
  });
  fc.assert(
    fc.property(entries, (pairs) => {
      const form = formOf(new URLSearchParams(pairs).toString());
      assert.deepEqual([...form.values], pairs);
      assert.deepEqual(form.duplicates, []);
    }),
  );
});

test('reads any text the way URLSearchParams does, or refuses it', () => {
  const unit = fc.constantFrom('a', 'b', '=', '&', '+', '%', '2', '6', 'e', 'æ');
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 40 }), (text) => {
      const result = parseForm(text);
      if (!result.ok) return;
      const peer = new URLSearchParams(text);
      assert.deepEqual(result.form.names, [...new Set(peer.keys())]);
      for (const name of result.form.names) assert.equal(result.form.values.get(name), peer.get(name));
      assert.deepEqual(
        result.form.duplicates.toSorted(),
        result.form.names.filter((name) => peer.getAll(name).length > 1).toSorted(),
      );
    }),
  );
});

test('gives every value of a name that came more than once, without the empty ones', () => {
  const read = parseForm('box=a&other=&box=b&box=&one=1');
  assert.ok(read.ok);
  assert.deepEqual([read.form.all('box'), read.form.all('one'), read.form.all('other')], [['a', 'b'], ['1'], []]);
  assert.deepEqual([read.form.get('box'), read.form.duplicates], ['a', ['box']]);
});
