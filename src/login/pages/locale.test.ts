import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { choosePageLocale, keptLocale, parseAcceptLanguage } from './locale.ts';

test('pages speak the language of the login, else of the address, else of the browser, else the configured one (section 15)', () => {
  const rows: readonly (readonly [string | undefined, string, string | undefined, string])[] = [
    [undefined, '', undefined, 'en'],
    ['nn', 'locale=nb', 'nb', 'nn'],
    [undefined, 'locale=nn', 'nb', 'nn'],
    ['se', 'locale=nn', 'nb', 'nn'],
    [undefined, 'locale=se', 'nb', 'nb'],
    [undefined, 'locale=nn&locale=nb', 'nb', 'nb'],
    [undefined, 'locale=%', 'nn', 'nn'],
    [undefined, 'locale=NN-no', undefined, 'nn'],
    [undefined, '', 'no', 'nb'],
    [undefined, '', 'no-NO, en;q=0.8', 'nb'],
    [undefined, '', 'de, nn;q=0.5, nb;q=0.7', 'nb'],
    [undefined, '', 'nb;q=0, nn;q=0.001', 'nn'],
    [undefined, '', 'de, *;q=0.5', 'en'],
    [undefined, '', 'nb_NO, nnn, e', 'en'],
    [undefined, '', ` nb ; q=0.3,,nn\t;q=0.4`, 'nn'],
    [undefined, '', 'nn;q=2, nn;q=-1, nn;q=0.1234, nn;level=1', 'en'],
    [undefined, '', `${'de,'.repeat(400)}nb`, 'en'],
  ];
  for (const [attempt, query, acceptLanguage, expected] of rows) {
    const row = JSON.stringify([attempt, query, acceptLanguage]);
    assert.equal(choosePageLocale({ attempt, query, acceptLanguage }, 'en'), expected, row);
  }
});

const TAG = fc.constantFrom('nb', 'nn', 'en', 'no', 'de', 'en-GB', 'sr-Latn-RS', '*');
const QUALITY = fc.integer({ min: 0, max: 1000 });

test('Accept-Language comes back most wanted first, equals in order, without the unwanted (RFC 9110 12.5.4, property)', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(TAG, QUALITY), { maxLength: 20 }), (wanted) => {
      const header = wanted.map(([tag, q]) => `${tag};q=${(q / 1000).toFixed(3)}`).join(', ');
      const expected = wanted.filter(([, q]) => q > 0).toSorted(([, one], [, other]) => other - one);
      assert.deepEqual(
        parseAcceptLanguage(header),
        expected.map(([tag]) => tag),
      );
    }),
  );
});

test('whatever a browser sends, there is a language of ours (property)', () => {
  const noise = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.stringMatching(/^[nboe*;,=q. 01-]{0,60}$/));
  fc.assert(
    fc.property(noise, noise, noise, (attempt, query, acceptLanguage) => {
      const chosen = choosePageLocale({ attempt, query, acceptLanguage }, 'nn');
      assert.ok(['nb', 'nn', 'en'].includes(chosen));
      for (const tag of parseAcceptLanguage(acceptLanguage)) assert.match(tag, /^[A-Za-z0-9-]+$|^\*$/);
    }),
  );
});

test('only what is shaped like a language tag is kept with a login', () => {
  for (const kept of ['nb', 'nn-NO', 'se']) assert.equal(keptLocale(kept), kept);
  for (const dropped of [undefined, '', 'nb nn', 'x'.repeat(36), '"><script>', 'æ']) {
    assert.equal(keptLocale(dropped), undefined, String(dropped));
  }
});
