import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startCommand } from '../../servers/command.ts';
import { quietPort } from './quiet-port.ts';
import type { Json, JsonObject } from './case.ts';
import { inProcess } from './in-process.ts';
import { makeKeys } from './keys.ts';
import { checkMatchers, match } from './match.ts';
import { readCase } from './read-case.ts';
import { runCase } from './run-case.ts';
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
    await (Object.keys(changes).length === 0
      ? running
      : assert.rejects(running, assert.AssertionError, JSON.stringify(changes)));
    await release();
  }
});

test('a sidecar that somebody else starts is told its variables, and judged by its answers (BASE_URL)', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  t.after(() => rm(folder, { recursive: true }));
  const [port, providerPort] = [await quietPort(), await quietPort()];
  const envFile = join(folder, 'sidecar.env');
  const driver = spawn(process.execPath, [join(import.meta.dirname, 'run.ts')], {
    env: {
      PATH: process.env['PATH'],
      BASE_URL: `http://127.0.0.1:${port}/`,
      PROVIDER_PORT: String(providerPort),
      ENV_FILE: envFile,
      FAMILIES: 'upstream,dispatch',
      REVISION: 'B',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  driver.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(driver, 'close');
  const sidecar = await startCommand({
    args: ['sidecar', '--json'],
    env: { ...(await variablesIn(envFile)), BIND_ADDRESS: `127.0.0.1:${port}` },
  });
  t.after(() => sidecar.stop());
  const [code] = await ended;
  assert.equal(code, 0, said);
  assert.match(said, /upstream +\d\d passed, 0 failed/);
  assert.match(said, /dispatch +\d\d passed, 0 failed, \d+ left out: needs settings of its own/);
});

async function variablesIn(file: string): Promise<Record<string, string>> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const text = await readFile(file, 'utf8').catch(() => '');
    const lines = text.split('\n').filter((line) => line !== '');
    if (text.endsWith('\n'))
      return Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      );
    assert.ok(performance.now() < deadline, 'the driver wrote no variables');
    await pause(20);
  }
}
