import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import type { HttpResponse } from '../../web/http.ts';
import type { Asked } from '../testing/pages.ts';
import { makePage, PAGES } from '../testing/pages.ts';
import { PAGE_LOCALES } from './locale.ts';
import { PAGE_TEXTS } from './page-texts.ts';

function asked(query = '', correlationId = 'c0ffee'): Asked {
  const path = '/app/oauth2/callback';
  return { method: 'GET', path, query, target: `${path}?${query}`, headers: {}, correlationId };
}

function header(answer: HttpResponse, name: string): string {
  return String(answer.headers?.[name]);
}

function count(text: string, part: RegExp): number {
  return text.match(part)?.length ?? 0;
}

for (const locale of PAGE_LOCALES) {
  test(`every page in ${locale} says what happened, what to do and where to go, under a policy of its own (section 15, RT-3)`, () => {
    const words = PAGE_TEXTS[locale];
    for (const name of PAGES) {
      const answer = makePage(name, asked(`locale=${locale}`));
      const body = String(answer.body);
      const text = words.pages[name];
      assert.match(body, new RegExp(`^<!doctype html>\n<html lang="${locale}">`), name);
      assert.equal(count(body, /<h1>/g), 1, name);
      assert.ok(body.includes(`<title>${text.title}</title>`) && body.includes(`<h1>${text.title}</h1>`), name);
      for (const part of [text.sentence, text.advice, `>${text.action}<`, 'c0ffee'])
        assert.ok(body.includes(part), part);
      assert.match(body, /href="\/app"/, `${name} has a way home`);
      assert.equal(header(answer, 'Content-Language'), locale);
      assert.equal(header(answer, 'Cache-Control'), 'no-store');
      assert.equal(header(answer, 'X-Content-Type-Options'), 'nosniff');
      const hasForm = body.includes('<form');
      assert.equal(header(answer, 'Referrer-Policy'), hasForm ? 'same-origin' : 'no-referrer');
      const policy = header(answer, 'Content-Security-Policy');
      const [, nonce = ''] = /style-src 'nonce-([^']+)'/.exec(policy) ?? [];
      assert.equal(Buffer.from(nonce, 'base64').length, 16, policy);
      assert.equal(count(body, /<(?:style|script)[ >]/g), body.split(`nonce="${nonce}"`).length - 1);
      for (const part of ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"])
        assert.ok(policy.includes(part));
      assert.ok(policy.includes(`form-action ${hasForm ? "'self'" : "'none'"}`), policy);
      assert.doesNotMatch(policy, /unsafe|\*/);
      assert.doesNotMatch(body, / style=| on[a-z]+=|https?:/, name);
    }
  });
}

test('the languages say the same pages in their own words, as sentences, and never alike (section 15)', () => {
  for (const name of PAGES) {
    const said = PAGE_LOCALES.map((locale) => PAGE_TEXTS[locale].pages[name]);
    assert.equal(new Set(said.map(({ sentence, advice }) => sentence + advice)).size, PAGE_LOCALES.length, name);
    for (const { title, sentence, advice, action } of said) {
      assert.match(sentence, /^\p{Lu}.*\.$/u);
      assert.match(advice, /^\p{Lu}.*\.$/u);
      for (const label of [title, action]) assert.match(label, /^\p{Lu}.*[^.]$/u);
    }
  }
});

test('no two answers share a nonce (RT-3)', () => {
  const policies = PAGES.map((name) => header(makePage(name, asked()), 'Content-Security-Policy'));
  assert.equal(new Set(policies.map((policy) => /'nonce-[^']+'/.exec(policy)?.[0])).size, PAGES.length);
});

const HOSTILE = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.stringMatching(/^\/[<>"'&/=a-z ]{0,40}$/),
  fc.constantFrom('"><script>alert(1)</script>', "/'; url=//evil.test", '</style><script>', '&quot;&#x3e;<img src=x>'),
);

/** Tags and attribute names of a page, in order: what it is made of. */
function skeleton(body: string): readonly string[] {
  return body.match(/<[^<>"']*(?:"[^"<>]*"[^<>"']*)*>/g)?.map((tag) => tag.replaceAll(/"[^"]*"/g, '')) ?? [];
}

test('no target, correlation id or parameter adds a tag or an attribute to a page (section 15, property)', () => {
  const plain = new Map(PAGES.map((name) => [name, skeleton(String(makePage(name, asked()).body))]));
  fc.assert(
    fc.property(fc.constantFrom(...PAGES), HOSTILE, HOSTILE, HOSTILE, (name, target, id, query) => {
      const body = String(makePage(name, asked(query, id), target).body);
      // A target that is home already needs no second link there.
      fc.pre(target !== '/app');
      assert.deepEqual(skeleton(body), plain.get(name));
      assert.doesNotMatch(body, /<script[^>]*>(?!document\.getElementById\('go'\)\.submit\(\);<)/);
    }),
    { numRuns: 300 },
  );
});

test('a page shows nothing the provider sent and nothing of the request but where to go on (section 15)', () => {
  const secrets =
    'code=c-4711&state=s-4711&error=e-4711&error_description=d-4711&iss=i-4711&id_token=t-4711&session_state=ss-4711';
  for (const name of PAGES) {
    assert.doesNotMatch(String(makePage(name, asked(secrets)).body), /4711/, name);
  }
});

test('the Strict bounce leads on at once, from a page of our own, with a link for whoever it does not (SE-2)', () => {
  const answer = makePage('signed-in', asked('locale=en'), '/app/a?b=1&c="2"');
  assert.equal(answer.status, 200);
  const body = String(answer.body);
  assert.match(body, /<meta http-equiv="refresh" content="0; url=\/app\/a\?b=1&amp;c=&quot;2&quot;">/);
  assert.match(body, /<a class="primary" href="\/app\/a\?b=1&amp;c=&quot;2&quot;">Continue<\/a>/);
  assert.doesNotMatch(body, /<script/);
});
