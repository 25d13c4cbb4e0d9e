import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeBase64Url } from '../../src/oauth/base64url.ts';
import { readBearer } from '../../src/oauth/bearer.ts';
import { JoseError, parseCompactJws } from '../../src/oauth/jws.ts';
import { parseStrictJson, StrictJsonError } from '../../src/oauth/strict-json.ts';
import { createRandom, drawSeed, isFull } from '../adversarial/scale.ts';
import type { Random } from '../adversarial/scale.ts';
import { threadMs } from '../adversarial/60-odd.ts';

const CASES = isFull ? 1_000_000 : 20_000;
const MOST_MILLISECONDS = 50;
const seed = drawSeed();

const PIECES = [
  '.',
  '..',
  '=',
  '"',
  '\\',
  '\\u',
  '\\ud800',
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '{"a":',
  '"__proto__":',
  '\0',
  '\n',
  ' ',
  '\uFEFF',
  '\u0141',
  '\u{1f600}',
  '\udc00',
  '1e999',
  '-',
  '+',
  '/',
  '_',
  'Bearer ',
  'bearer',
  'eyJhbGciOiJSUzI1NiJ9',
  'null',
  'true',
] as const;

/** A text like the ones a parser is for, with a few things done to it. */
function mutate(start: string, random: Random): string {
  let text = start;
  for (let steps = 1 + random.below(6); steps > 0; steps -= 1) {
    const at = random.below(text.length + 1);
    const end = at + random.below(8);
    const piece = random.below(3) === 0 ? String.fromCharCode(random.below(0x10000)) : random.pick(PIECES);
    const kind = random.below(5);
    if (kind === 0) text = text.slice(0, at) + piece + text.slice(at);
    else if (kind === 1) text = text.slice(0, at) + piece + text.slice(end);
    else if (kind === 2) text = text.slice(0, at) + text.slice(end);
    else if (kind === 3) text = text.slice(0, at) + text.slice(at, end).repeat(1 + random.below(200)) + text.slice(end);
    else text = piece.repeat(1 + random.below(3000)) + text.slice(at);
  }
  return text;
}

function refusesWith(kind: new (...args: never[]) => Error, work: () => unknown): void {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof kind, String(error));
  }
}

const b64 = (text: string): string => Buffer.from(text).toString('base64url');

const PARSERS: Readonly<
  Record<string, { readonly starts: readonly [string, ...string[]]; readonly run: (text: string) => void }>
> = {
  'compact JWS': {
    starts: [`${b64('{"alg":"RS256","kid":"k","typ":"JWT"}')}.${b64('{"iss":"x"}')}.${'A'.repeat(342)}`, 'a.b.c', '..'],
    run: (text) => refusesWith(JoseError, () => parseCompactJws(text)),
  },
  'strict JSON': {
    starts: ['{"a":{"b":[1,2,{"c":"\\u00e6"}]},"d":null}', '[]', '"text"', '{"exp":1800000000,"aud":["a","b"]}'],
    run: (text) => {
      refusesWith(StrictJsonError, () => parseStrictJson(text));
      refusesWith(StrictJsonError, () => parseStrictJson(Buffer.from(text, 'utf16le')));
      refusesWith(StrictJsonError, () => parseStrictJson(Buffer.from(text, 'latin1')));
    },
  },
  base64url: {
    starts: [b64('some text of no meaning'), 'AA', '-_-_', ''],
    run: (text) => {
      const bytes = decodeBase64Url(text);
      assert.ok(bytes === undefined || bytes.toString('base64url') === text);
    },
  },
  bearer: {
    starts: ['Bearer a.b.c', 'bearer abc==', 'Basic x', 'Bearer'],
    run: (text) => {
      const read = readBearer(text);
      assert.ok(read.kind !== 'token' || text.endsWith(read.token));
      readBearer([text, text]);
    },
  },
};

function took(run: (text: string) => void, text: string): number {
  const started = threadMs();
  run(text);
  return threadMs() - started;
}

for (const [name, { starts, run }] of Object.entries(PARSERS)) {
  test(`the parser of ${name} meets ${CASES} odd texts with a verdict, none later than ${MOST_MILLISECONDS} ms, seed ${seed} (8.2)`, () => {
    const random = createRandom(seed);
    for (let at = 0; at < CASES; at += 1) {
      const text = mutate(random.pick(starts), random);
      // Once more where it took long: the machine may have been at something else.
      const slow =
        took(run, text) > MOST_MILLISECONDS &&
        took(run, text) > MOST_MILLISECONDS &&
        took(run, text) > MOST_MILLISECONDS;
      assert.equal(slow, false, `${JSON.stringify(text.slice(0, 200))} of ${text.length} characters`);
    }
  });
}
