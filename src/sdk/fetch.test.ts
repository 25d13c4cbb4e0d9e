import assert from 'node:assert/strict';
import test from 'node:test';
import { inspect } from 'node:util';
import { AcquireError } from './acquire/acquire-error.ts';
import { createFetch } from './fetch.ts';
import {
  fakeTokens,
  FOR_USER,
  ORIGIN,
  redirectTo,
  REQUEST,
  RULE,
  unauthorized,
  world,
} from './http/testing/fetch-world.ts';
import { ConfigError } from './index.ts';
import { createTokenHandle } from './token-handle.ts';
import type { Tokens } from './tokens.ts';

const isRequestError = (error: unknown): boolean => error instanceof AcquireError && error.kind === 'request';

test('a request for a listed origin carries the token, whichever way it is written', async () => {
  const { fetch, calls, asked } = world();
  const inputs = [
    'http://register/a',
    'HTTP://REGISTER:80/a',
    new URL('http://register/a'),
    new Request('http://register/a'),
  ];
  for (const input of inputs) assert.equal((await fetch(input)).status, 200);
  assert.deepEqual(
    calls.map(({ url, authorization }) => [url, authorization]),
    inputs.map((_, at) => ['http://register/a', `Bearer t${at + 1}`]),
  );
  assert.deepEqual(asked[0], REQUEST);
});

test('a request for the user it is made for, by the rule of this fetch', async () => {
  const { fetch, asked, calls } = world(FOR_USER);
  await fetch('http://register/a', { user: 'u', method: 'POST', body: 'b', headers: { 'x-a': '1' } });
  assert.deepEqual(asked, [{ provider: 'tokenx', target: 'dev:fleet:register', user: 'u' }]);
  assert.deepEqual(
    calls.map(({ method, body, authorization }) => [method, body, authorization]),
    [['POST', 'b', 'Bearer t1']],
  );
});

test('a request for any other origin goes out as it is, without a token', async () => {
  const { fetch, calls, asked } = world(FOR_USER);
  await fetch('https://register/a');
  await fetch('data:text/plain,hello');
  assert.deepEqual([calls.map(({ authorization }) => authorization), asked], [[null, null], []]);
});

test('without a user nothing is asked for and nothing is sent (5.4)', async () => {
  const { fetch, calls, asked } = world(FOR_USER);
  await assert.rejects(fetch('http://register/a'), isRequestError);
  await assert.rejects(fetch('http://register/a', { user: '' }), isRequestError);
  assert.deepEqual([calls, asked], [[], []]);
});

test('an Authorization header of the caller is an error, of a Request too (5.4)', async () => {
  const { fetch, calls, asked } = world();
  const headers = { authorization: 'Basic eDp5' };
  await assert.rejects(fetch('http://register/a', { headers }), isRequestError);
  await assert.rejects(fetch('http://register/a', { headers: [['AUTHORIZATION', '']] }), isRequestError);
  await assert.rejects(fetch(new Request('http://register/a', { headers })), isRequestError);
  assert.deepEqual([calls, asked], [[], []]);
});

test('a failure to get a token rejects with AcquireError; what the API answers is handed out (5.4)', async () => {
  const made = world();
  for (const status of [204, 304, 400, 403, 404, 500, 503]) {
    made.answers.splice(0, 1, () => new Response(null, { status }));
    assert.equal((await made.fetch('http://register/a')).status, status);
  }
  assert.equal(made.calls.length, 7, 'none but 401 is tried again');
  made.fake.failure = new AcquireError('transient', 'no sidecar');
  const sent = made.calls.length;
  await assert.rejects(made.fetch('http://register/a'), made.fake.failure);
  assert.equal(made.calls.length, sent);
});

test('after a 401 a body that can be sent again goes out once more, with a fresh token (5.4)', async () => {
  const form = new FormData();
  form.set('a', '1');
  const bodies = [
    undefined,
    'text',
    new URLSearchParams({ a: '1' }),
    new Blob(['blob']),
    new Uint8Array([65]),
    new Uint8Array([66]).buffer,
  ];
  for (const body of [...bodies, form]) {
    const made = world();
    made.answers.push(unauthorized);
    const { status } = await made.fetch('http://register/a', body === undefined ? {} : { method: 'POST', body });
    assert.equal(status, 401, 'the second answer is final');
    assert.deepEqual(
      made.calls.map(({ authorization }) => authorization),
      ['Bearer t1', 'Bearer t2'],
    );
    assert.deepEqual(made.asked, [REQUEST, { ...REQUEST, fresh: true }]);
    if (body !== form) assert.deepEqual(made.calls[0]?.body, made.calls[1]?.body);
    else for (const call of made.calls) assert.match(call.body, /name="a"\r\n\r\n1/);
  }
});

test('a stream is sent once, and the 401 it got is handed out (5.4)', async () => {
  const inputs: [input: string | Request, init: RequestInit][] = [
    ['http://register/a', { method: 'POST', body: new Blob(['once']).stream(), duplex: 'half' }],
    [new Request('http://register/a', { method: 'POST', body: 'text' }), {}],
  ];
  for (const [input, init] of inputs) {
    const made = world();
    made.answers.push(unauthorized);
    assert.equal((await made.fetch(input, init)).status, 401);
    assert.equal(made.calls.length, 1);
    assert.ok(made.calls[0]?.body !== '');
  }
});

test('no 401 of another origin brings a second request', async () => {
  const made = world();
  made.answers.push(unauthorized);
  await made.fetch('http://elsewhere/a');
  assert.equal(made.calls.length, 1);
});

test('the signal of a request ends the wait for its token as well', async () => {
  const made = world();
  const { signal } = new AbortController();
  await made.fetch('http://register/a', { signal });
  assert.equal((made.asked[0] as { signal?: AbortSignal }).signal, signal);
  await made.fetch(new Request('http://register/a', { signal: AbortSignal.abort() })).catch(() => {});
  assert.equal((made.asked[1] as { signal?: AbortSignal }).signal?.aborted, true);
});

test('a user name in the URL is refused before a token is asked for', async () => {
  const made = world();
  await assert.rejects(made.fetch('http://me:secret@register/a'), TypeError);
  await assert.rejects(made.fetch('/a'), TypeError);
  assert.deepEqual([made.calls, made.asked], [[], []]);
});

test('what the URL of a Request says of itself does not count, only where it goes', async () => {
  const made = world();
  const liar = new Request('http://elsewhere/a');
  Object.defineProperty(liar, 'url', { value: 'http://register/a' });
  await made.fetch(liar);
  assert.deepEqual(
    made.calls.map(({ url, authorization }) => [url, authorization]),
    [['http://elsewhere/a', null]],
  );
  const pretender = { url: 'http://register/a', toString: () => 'http://elsewhere/b' };
  await made.fetch(pretender as never);
  assert.deepEqual([made.calls[1]?.url, made.asked], ['http://elsewhere/b', []]);
});

test('a token that no header can hold is not sent, and the error does not quote it', async () => {
  for (const value of ['canary\nx-injected: 1', 'canary\u0000', 'canary canary', 'canary\u20ac', '']) {
    const calls: unknown[] = [];
    const acquired = { token: createTokenHandle(value), expiresAt: 0, fromCache: false };
    const tokens = { ...fakeTokens().tokens, machineOrThrow: () => Promise.resolve(acquired) };
    const net = async (...call: unknown[]): Promise<Response> => (calls.push(call), new Response());
    const fetch = createFetch(tokens, { origins: [ORIGIN], ...RULE, fetch: net });
    await assert.rejects(fetch('http://register/a'), (error) => {
      assert.ok(error instanceof AcquireError && !inspect(error, { depth: 9 }).includes('canary'), inspect(error));
      return true;
    });
    assert.deepEqual(calls, []);
  }
});

test('what goes with a Request beside itself, goes with its second try and its redirects too', async () => {
  for (const answer of [unauthorized, redirectTo('/b')]) {
    const seen: unknown[] = [];
    const net = async (_input: unknown, init?: RequestInit): Promise<Response> => {
      seen.push(init?.keepalive);
      return seen.length === 1 ? answer() : new Response();
    };
    const fetch = createFetch(fakeTokens().tokens, { origins: [ORIGIN], ...RULE, fetch: net });
    await fetch(new Request('http://register/a'), { keepalive: true });
    assert.deepEqual(seen, [true, true]);
  }
});

test('origins and rules that cannot work throw where the fetch is made', () => {
  const tokens = {} as Tokens;
  for (const origins of [
    [],
    ['register'],
    ['http://register/'],
    ['http://register/api'],
    ['http://REGISTER'],
    ['https://register:443'],
    ['http://*'],
    ['ftp://register'],
    ['http://u@register'],
    ['blob:http://register/x'],
  ]) {
    assert.throws(() => createFetch(tokens, { origins: origins as never, ...RULE }), ConfigError, String(origins));
  }
  assert.throws(
    () => createFetch(tokens, { origins: [ORIGIN], as: 'user', provider: 'tokenx', target: '' }),
    ConfigError,
  );
});
