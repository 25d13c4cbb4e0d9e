import assert from 'node:assert/strict';
import test from 'node:test';
import type { Json, JsonObject } from './case.ts';
import { inProcess } from './in-process.ts';
import { makeKeys } from './keys.ts';
import { checkMatchers, match } from './match.ts';
import { readCase } from './read-case.ts';
import { parseFamily } from './read-family.ts';
import { CaseFailed, runCase } from './run-case.ts';
import { CaseFault } from './shape.ts';
import { fill } from './templates.ts';

const keys = await makeKeys();

const TOKEN = { to: 'token', json: { identity_provider: 'entra_id', target: '{{case}}' } };
const GOOD: JsonObject = {
  id: 'good',
  revisions: ['ours'],
  steps: [{ request: TOKEN, expect: { status: 200 } }],
};

test('a misspelt case stops the run and says where it is (8.1)', () => {
  assert.equal(readCase(GOOD, 'x.json').id, 'good');
  const faults: readonly [changes: JsonObject, message: RegExp][] = [
    [{ step: [] }, /x\.json: step is no member/],
    [{ revisions: ['C'] }, /good: revisions: not one of A, B, ours/],
    [{ revisions: [] }, /for no revision/],
    [{ stage: 'S3' }, /stage/],
    [{ steps: [] }, /asks nothing/],
    [{ clock: true }, /clock and its steps disagree/],
    [{ steps: [{ advance: 1 }, { request: TOKEN, expect: { status: 200 } }] }, /clock and its steps disagree/],
    [{ steps: [{ request: TOKEN }] }, /step 0: expect: no status/],
    [{ steps: [{ request: { ...TOKEN, path: '/' }, expect: { status: 200 } }] }, /to or path/],
    [{ steps: [{ request: { to: 'tokens' }, expect: { status: 200 } }] }, /not one of token, exchange, introspect/],
    [{ steps: [{ request: { ...TOKEN, text: '' }, expect: { status: 200 } }] }, /more than one body/],
    [{ steps: [{ request: TOKEN, expect: { status: 200, bodies: {} } }] }, /bodies is no member/],
    [{ steps: [{ request: TOKEN, expect: { status: { $equals: 200 } } }] }, /\$equals is no matcher/],
    [{ steps: [{ wait: 1 }] }, /step 0/],
    [{ upstream: { counts: 1 } }, /counts is no member/],
    [{ upstream: { calls: [{ forms: {} }] } }, /forms is no member/],
    [{ provider: { tokens: {} } }, /tokens is no member/],
    [{ provider: { token: { fault: 'earthquake' } } }, /not one of reset/],
    [{ provider: { key_set: {} } }, /it has to be fresh/],
    [{ env: { PROBE_BIND_ADDRESS: '{{place:probes}}' } }, /good: it has places of its own, so it has to be fresh/],
    [{ fresh: true, env: { FULLMAKT_SIDECAR_APPS_DIR: '{{folder}}' } }, /nobody sees when it has started/],
    [
      { fresh: true, env: { FULLMAKT_SIDECAR_APPS_DIR: '{{folder}}', PROBE_BIND_ADDRESS: '{{place:probes}}' } },
      /does not say which application asks/,
    ],
    [{ files: { a: 1 } }, /good: files\.a: not a string/],
    [{ steps: [{ files: { rename: {} } }] }, /good: step 0: files: rename is no member of it; add, change, break/],
    [{ steps: [{ load: { connections: 0, requests: [], steps: [] } }] }, /step 0: load: connections: not a number/],
    [
      { steps: [{ load: { connections: 1, requests: [{}], steps: [] } }] },
      /step 0: load: request 0: request: to or path/,
    ],
    [{ steps: [{ load: { connections: 1, requests: [], steps: [{ wait: 1 }] } }] }, /step 0: load: step 0/],
    [{ tokens: { t: { for: 'entra_id' } } }, /the token t is not used/],
    [{ env: { A: '{{orign}}' } }, /nothing is called \{\{orign\}\}/],
    [
      { steps: [{ request: { to: 'introspect', json: { token: '{{token:t}}' } }, expect: { status: 200 } }] },
      /no token is called t/,
    ],
  ];
  for (const [changes, message] of faults) {
    assert.throws(
      () => readCase({ ...GOOD, ...changes }, 'x.json'),
      (error) => error instanceof CaseFault && message.test(error.message),
      JSON.stringify(changes),
    );
  }
});

test('every matcher refuses what it is not for', () => {
  const context = { now: 1000, blurSeconds: 0 };
  const rows: readonly [expected: Json, fits: unknown, fitsNot: unknown][] = [
    [1, 1, '1'],
    [{ a: 1 }, { a: 1 }, { a: 1, b: 2 }],
    [[1], [1], [1, 2]],
    [{ $match: '^a' }, 'ab', 'ba'],
    [{ $contains: 'b' }, 'abc', 'a'],
    [{ $lacks: 'b' }, 'a', 'abc'],
    [{ $between: [1, 2] }, 2, 3],
    [{ $between: [1, 2] }, 1, '1'],
    [{ $oneOf: [1, { $match: 'a' }] }, 'a', 2],
    [{ $has: { a: 1 } }, { a: 1, b: 2 }, { b: 2 }],
    [{ $at: { 'a.b': 1 } }, { a: { b: 1, c: 2 } }, { a: { c: 1 } }],
    [{ $at: { 'a.b': 1 } }, { a: { b: 1 } }, 'a.b'],
    [{ $any: true }, 0, undefined],
    [{ $now: 30 }, 1030, 1031],
    [{ $seconds: 30 }, 30, 29],
  ];
  for (const [expected, fits, fitsNot] of rows) {
    checkMatchers(expected, 'x');
    match(fits, expected, 'x', context);
    assert.throws(() => match(fitsNot, expected, 'x', context), assert.AssertionError, JSON.stringify(expected));
  }
  match(27, { $seconds: 30 }, 'x', { now: 1000, blurSeconds: 3 });
});

test('rows fill names in, whole values of any type too, and one row may speak of another', () => {
  const row = { word: 'w', list: [1, '{{word}}'] };
  assert.deepEqual(fill({ '{{word}}': '{{list}}', text: 'a {{word}} {{case}}' }, row), {
    w: [1, 'w'],
    text: 'a w {{case}}',
  });
});

test('a file that is no JSON, has a stranger in it or one id twice is refused by its name', () => {
  const good = JSON.stringify(GOOD);
  assert.equal(parseFamily('x', Buffer.from(`{"cases":[${good}]}`)).cases.length, 1);
  const faults: readonly [text: string, message: RegExp][] = [
    ['{"cases":[', /^x\.json: /],
    ['[]', /^x\.json: not an object/],
    ['{"cases":[],"cases":[]}', /^x\.json: /],
    [`{"case":[${good}]}`, /^x\.json: case is no member of it; about, defaults, cases are/],
    [`{"cases":[${good},${good}]}`, /^x\.json: two cases are called good/],
    [
      `{"cases":[${good.replace('"steps"', '"each":{"a":{},"b":{"unknown":1}},"steps":[],"step"')}]}`,
      /step is no member/,
    ],
    [`{"defaults":{"stage":"S9"},"cases":[${good}]}`, /^x\.json good: stage: not one of S1, S2/],
  ];
  for (const [text, message] of faults)
    assert.throws(
      () => parseFamily('x', Buffer.from(text)),
      (error) => error instanceof CaseFault && message.test(error.message),
      text,
    );
});

test('whoever reads why a case failed is told which, where in it, what was expected and what came', async () => {
  const steps = [{ request: TOKEN, expect: { status: 200 } }];
  const wrong: readonly [changes: JsonObject, says: RegExp][] = [
    [
      { steps: [...steps, { request: TOKEN, expect: { status: 403 } }] },
      /^x\.json good, step 1, POST \/api\/v1\/token: status\n {2}expected: 403\n {2}got: {6}200\n {2}answer: {3}200 \{"access_token"/,
    ],
    [
      { steps: [{ request: TOKEN, expect: { status: 200, body: { $has: { token_type: 'DPoP' } } } }] },
      /: body\.token_type\n {2}expected: "DPoP"\n {2}got: {6}"Bearer"\n {2}answer: {3}200/,
    ],
    [
      { steps: [{ request: TOKEN, expect: { status: 200, headers: { Pragma: null } } }] },
      /: header Pragma\n {2}expected: no such header\n {2}got: {6}"no-cache"/,
    ],
    [{ upstream: { count: 2 } }, /^x\.json good, upstream: requests for tokens\n {2}expected: 2\n {2}got: {6}1$/],
    [
      { upstream: { calls: [{ form: { $has: { scope: { $match: '^no$' } } } }] } },
      /upstream call 0: form\.scope\n {2}expected: a text that matches "\^no\$"\n {2}got: {6}"c/,
    ],
    [
      { fresh: true, steps: [{ request: { ...TOKEN, at: '{{place:nobody}}' }, expect: { status: 200 } }] },
      /at 127\.0\.0\.1:\d+: status\n {2}expected: 200\n {2}got: {6}0\n {2}answer: {3}none, nobody listens there$/,
    ],
    [
      {
        steps: [
          ...steps,
          { load: { connections: 2, requests: [{ request: TOKEN, expect: { status: 201 } }], steps: [] } },
        ],
      },
      /^x\.json good, step 1 under load, POST \/api\/v1\/token: status\n {2}expected: 201/,
    ],
    [
      {
        steps: [{ load: { connections: 1, requests: steps, steps: [{ request: TOKEN, expect: { status: 202 } }] } }],
      },
      /^x\.json good, step 0, step 0, POST \/api\/v1\/token: status\n {2}expected: 202/,
    ],
    [
      { fresh: true, files: { a: '1' }, steps: [...steps, { files: { add: { a: '2' } } }] },
      /^x\.json good, step 1: a is there already/,
    ],
    [{ fresh: true, steps: [...steps, { files: { remove: ['a'] } }] }, /^x\.json good, step 1: a is not there/],
  ];
  const implementation = inProcess(keys);
  for (const [changes, says] of wrong) {
    const one = readCase({ ...GOOD, ...changes }, 'x.json');
    const { world, release } = await implementation.open(one);
    await assert.rejects(runCase(one, world, 0), (error) => {
      assert.ok(error instanceof CaseFailed);
      assert.match(error.message, says);
      assert.equal(error.stack, `${error.message}\n    at tests/contract/sidecar/x.json`);
      return true;
    });
    await release();
  }
});

test('a case fails when the sidecar does something else, or asks its provider something else (8.1)', async () => {
  const wrong: readonly JsonObject[] = [
    { steps: [{ request: TOKEN, expect: { status: 201 } }] },
    { steps: [{ request: TOKEN, expect: { status: 200, body: { access_token: 'token-1' } } }] },
    { steps: [{ request: TOKEN, expect: { status: 200, headers: { 'cache-control': null } } }] },
    { steps: [{ request: TOKEN, expect: { status: 200, within_ms: 0 } }] },
    { upstream: { count: 2 } },
    { upstream: { calls: [{}, {}] } },
    { upstream: { calls: [{ path: '/tokenx/token' }] } },
    { upstream: { calls: [{ form: { $has: { grant_type: 'x' } } }] } },
    { upstream: { calls: [{ assertion: { field: 'client_assertion', claims: { $has: { exp: { $now: 31 } } } } }] } },
    { upstream: { distinct: ['jti'] } },
  ];
  const implementation = inProcess(keys);
  for (const changes of [{}, ...wrong]) {
    const one = readCase({ ...GOOD, ...changes }, 'x.json');
    const { world, release } = await implementation.open(one);
    const running = runCase(one, world, 0);
    await (Object.keys(changes).length === 0 ? running : assert.rejects(running, CaseFailed, JSON.stringify(changes)));
    await release();
  }
});
