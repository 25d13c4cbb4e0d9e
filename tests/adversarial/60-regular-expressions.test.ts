import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { attacksOn, isNested } from './60-regex-attacks.ts';
import type { Attack } from './60-regex-attacks.ts';
import { regexesIn, regexesOf } from './60-regex-literals.ts';
import { threadMs } from './60-odd.ts';

/* Every regular expression of the programs: none takes long over 64 KiB that were made to have it go back and forth. */

const root = join(import.meta.dirname, '../..');
const MAX_MS = 50;
const TRIES = 3;
const LENGTHS = [256, 1024, 4096, 16_384, 65_536];
/** What takes twice as long with each character has to be seen before it takes for ever. */
const SMALL = [16, 20, 22, 24, 26, 28, 30, 32, 36, 40, 48, 60, 72, 90, 110, 140, 180];

/** Made of parts while the program runs: what of them a stranger could choose was looked at, and is said here. */
const MADE_OF_PARTS: Readonly<Record<string, string>> = {
  'src/observe/scrub.ts': 'fixed words in a fixed pattern, over at most 4096 characters; tried below',
  'src/store/redis-connection.ts': 'names of two facts, over an answer of Redis',
  'src/store/redis-facts.ts': 'likewise',
  'src/login/settings/kinds.ts': 'a fixed pattern, over one setting',
};

function textOf({ start, pump, end }: Attack, length: number): string {
  return `${start}${pump.repeat(Math.max(1, Math.floor((length - start.length - end.length) / pump.length)))}${end}`;
}

/** Looks for all matches and for one. */
function milliseconds(regex: RegExp, text: string): number {
  const from = threadMs();
  regex.lastIndex = 0;
  text.replace(regex, '');
  regex.lastIndex = 0;
  regex.test(text);
  return threadMs() - from;
}

/** The first attack that is too dear, and how dear it is at its best. */
function dearest(source: string, flags: string): string | undefined {
  const regex = new RegExp(source, flags.replace('y', ''));
  const attacks = attacksOn(source, flags);
  for (const length of isNested(source) ? [...SMALL, ...LENGTHS] : LENGTHS) {
    for (const attack of attacks) {
      const text = textOf(attack, length);
      let least = milliseconds(regex, text);
      for (let again = 1; again < TRIES && least > MAX_MS; again += 1)
        least = Math.min(least, milliseconds(regex, text));
      if (least > MAX_MS) return `${Math.round(least)} ms over ${text.length} characters ${JSON.stringify(attack)}`;
    }
  }
  return undefined;
}

const { literals, made } = regexesIn(root, 'src');
const once = new Map(literals.map((literal) => [`/${literal.source}/${literal.flags}`, literal]));

test('T60 the checker finds what is dear, and finds regular expressions where they are', () => {
  for (const bad of ['(a+)+$', '(?:a|a)*b', '(x|xx)+y', '\\/+$', '\\s*,', '^(a|b|ab)*c$'])
    assert.notEqual(dearest(bad, ''), undefined, bad);
  for (const good of ['^[a-z]+$', '(?<!\\/)\\/+$', '^(?:[a-z]{1,5}-){0,5}[a-z]+$'])
    assert.equal(dearest(good, ''), undefined, good);
  const text =
    'a = b / c / d; // no /x/\nconst t = `x${y.replace(/}`/g, "/s/")}/t/`; return /[/]\\/(?:a)/iu.test(z) && /q/.test(`/r/`);';
  const { literals: found } = regexesOf(text);
  assert.deepEqual(
    found.map(({ source, flags }) => `/${source}/${flags}`),
    ['/}`/g', '/[/]\\/(?:a)/iu', '/q/'],
  );
});

test(`T60 no regular expression of the programs takes more than ${MAX_MS} ms over 64 KiB made to have it go back and forth`, (t) => {
  assert.ok(once.size > 150, `${once.size}`);
  const dear = [...once].flatMap(([text, { source, flags, file, line }]) => {
    const why = dearest(source, flags);
    return why === undefined ? [] : [`${file}:${line} ${text}: ${why}`];
  });
  assert.deepEqual(dear, []);
  t.diagnostic(`${literals.length} regular expressions, ${once.size} different ones`);
});

test('T60 regular expressions that are made of parts are few, and each was looked at', () => {
  assert.deepEqual(new Set(made.map((place) => place.split(':')[0])), new Set(Object.keys(MADE_OF_PARTS)));
});

test(`T60 what is written to a log is looked through in ${MAX_MS} ms, whatever it is`, async () => {
  const { scrubText } = await import('../../src/observe/scrub.ts');
  const { crashText } = await import('../../src/cli/on-crash.ts');
  const units = [
    'ey',
    'eyJ',
    '.',
    'a',
    'a.',
    'Bearer ',
    'token=',
    'code=',
    '"d":"',
    '-----BEGIN ',
    '://',
    '__Host-',
    '0',
    '=',
    ' ',
    '"k" : "',
    '-',
    'state=&',
  ];
  for (const unit of units) {
    const text = unit.repeat(Math.floor(65_536 / unit.length));
    for (const look of [scrubText, (long: string) => crashText(new Error(long))]) {
      let least = Number.POSITIVE_INFINITY;
      for (let again = 0; again < TRIES && least > MAX_MS; again += 1) {
        const from = threadMs();
        look(text);
        least = Math.min(least, threadMs() - from);
      }
      assert.ok(least <= MAX_MS, `${unit}: ${least} ms`);
    }
  }
});
