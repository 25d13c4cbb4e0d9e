import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { html, page, raw } from './html.ts';

test('escapes every value but markup, in text and in attributes', () => {
  const evil = `"><script>alert('1')</script>&`;
  assert.equal(
    html`<a href="${evil}" title='${evil}'>${evil}</a>`.toString(),
    `<a href="${escaped()}" title='${escaped()}'>${escaped()}</a>`,
  );
});

function escaped(): string {
  return '&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;';
}

test('joins lists, keeps markup, leaves nothing for false and undefined', () => {
  const items = ['a', 'b<'].map((item) => html`<li>${item}</li>`);
  assert.equal(
    html`<ul>${items}</ul>${false}${undefined}${0}${raw('<br>')}`.toString(),
    '<ul><li>a</li><li>b&lt;</li></ul>0<br>',
  );
});

test('lets no value end its place, whatever it is', () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      assert.doesNotMatch(html`${value}`.toString(), /[<>"']/);
    }),
  );
});

test('makes a page with language, title and banner, all escaped', () => {
  const { html: text } = page({ lang: 'nb', title: 'A & B', body: html`<h1>Hei</h1>`, banner: '<local>' });
  assert.match(text, /^<!doctype html>\n<html lang="nb">/);
  assert.match(text, /<title>A &amp; B<\/title>/);
  assert.match(text, /&lt;local&gt;/);
  assert.match(text, /<main>\n<h1>Hei<\/h1>\n<\/main>/);
});

test('allows exactly its own styles and script by hash and nothing else', () => {
  const made = page({ lang: 'en', title: 't', body: html``, styles: 'p{}', script: 'document.forms[0].submit()' });
  const styles = /<style>([^]*)<\/style>/.exec(made.html)?.[1] ?? '';
  const script = /<script>([^]*)<\/script>/.exec(made.html)?.[1] ?? '';
  assert.ok(made.csp.startsWith("default-src 'none'; "));
  assert.ok(made.csp.includes(`style-src 'sha256-${hash(styles)}'`));
  assert.ok(made.csp.includes(`script-src 'sha256-${hash(script)}'`));
  assert.ok(made.csp.includes("base-uri 'none'; frame-ancestors 'none'"));
  assert.doesNotMatch(page({ lang: 'en', title: 't', body: html`` }).csp, /script-src/);
});

test('with a nonce, styles and script carry it and the policy names nothing else', () => {
  const made = page({ lang: 'en', title: 't', body: html``, script: 'go()', nonce: 'bm9uY2U=' });
  assert.match(made.html, /<style nonce="bm9uY2U=">[^]*<script nonce="bm9uY2U=">go\(\)<\/script>/);
  assert.ok(made.csp.includes("style-src 'nonce-bm9uY2U='; script-src 'nonce-bm9uY2U='; base-uri 'none'"), made.csp);
  assert.doesNotMatch(made.csp, /sha256/);
});

test('moves on to an escaped address', () => {
  const refresh = { seconds: 0, url: '/a"b' };
  assert.match(page({ lang: 'en', title: 't', body: html``, refresh }).html, /content="0; url=\/a&quot;b"/);
});

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
