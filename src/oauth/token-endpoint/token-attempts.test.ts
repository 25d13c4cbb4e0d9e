import assert from 'node:assert/strict';
import test from 'node:test';
import type { Fetch } from '../fetch.ts';
import { createTokenEndpoint } from './token-endpoint.ts';
import type { TokenEndpointOptions } from './token-endpoint.ts';
import { TokenRequestFailed } from './token-failure.ts';

const TOKEN = { access_token: 'a', token_type: 'Bearer', expires_in: 60 };

interface Asked {
  readonly failure: TokenRequestFailed | undefined;
  /** The number of the assertion in each attempt. */
  readonly assertions: readonly string[];
  /** Milliseconds waited between attempts. */
  readonly waits: readonly number[];
}

/** One request to an endpoint that answers so, attempt by attempt. */
async function ask(
  answers: readonly ((signal: AbortSignal) => Response | Promise<Response>)[],
  options: Partial<TokenEndpointOptions> = {},
): Promise<Asked> {
  const assertions: string[] = [];
  const waits: number[] = [];
  const fetch: Fetch = async (_url, init) => {
    const body = init?.body;
    assertions.push(new URLSearchParams(typeof body === 'string' ? body : '').get('assertion') ?? '');
    const answer = answers[assertions.length - 1];
    assert.ok(answer !== undefined && init?.signal instanceof AbortSignal, 'one attempt too many');
    return await answer(init.signal);
  };
  const endpoint = createTokenEndpoint({
    url: async () => 'https://op.test/token',
    fetch,
    now: () => 0,
    wait: async (milliseconds) => {
      waits.push(milliseconds);
    },
    ...options,
  });
  let signed = 0;
  const outcome = await endpoint
    .request(
      async () => {
        signed += 1;
        return { assertion: String(signed) };
      },
      { forUser: false },
    )
    .catch((error: unknown) => error);
  assert.ok(outcome instanceof TokenRequestFailed || !(outcome instanceof Error), String(outcome));
  return { failure: outcome instanceof TokenRequestFailed ? outcome : undefined, assertions, waits };
}

async function unreadable(): Promise<never> {
  return await Promise.reject(new Error('no such file'));
}

async function changed(): Promise<boolean> {
  return true;
}

const good = (): Response => Response.json(TOKEN);
const refused = (): Response => Response.json({ error: 'invalid_client' }, { status: 401 });

/** Never answers, but ends when it is told to. */
async function hanging(signal: AbortSignal): Promise<Response> {
  return await new Promise((_resolve, reject) => {
    const keepsAwake = setTimeout(() => {}, 10_000);
    signal.addEventListener('abort', () => {
      clearTimeout(keepsAwake);
      reject(signal.reason);
    });
  });
}

/** Answers, but never to the end. */
function dripping(signal: AbortSignal): Response {
  const keepsAwake = setTimeout(() => {}, 10_000);
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from('{'));
      signal.addEventListener('abort', () => {
        clearTimeout(keepsAwake);
        controller.error(signal.reason);
      });
    },
  });
  return new Response(body);
}

function broken(): Response {
  const body = new ReadableStream({
    pull(controller) {
      controller.error(new TypeError('terminated'));
    },
  });
  return new Response(body);
}

test('L11 timeouts: an attempt that takes too long, or breaks off, is made once more with another assertion (3.3)', async () => {
  const limits = { attemptMilliseconds: 10, readMilliseconds: 10 };
  for (const first of [hanging, dripping, broken]) {
    const { failure, assertions } = await ask([first, good], { limits });
    assert.equal(failure, undefined);
    assert.deepEqual(assertions, ['1', '2']);
  }
});

test('L11 timeouts: reading an answer has a limit of its own within the attempt (3.3)', async () => {
  const { failure } = await ask([dripping, dripping], { limits: { attemptMilliseconds: 5000, readMilliseconds: 10 } });
  assert.deepEqual([failure?.failure, failure?.unavailable], ['unreachable', true]);
});

test('L11 timeouts: all attempts together have a limit, after which there is no other (3.3)', async () => {
  const limits = { attemptMilliseconds: 5000, totalMilliseconds: 20, maxRetries: 100 };
  const { failure, assertions } = await ask([hanging], { limits });
  assert.equal(failure?.description, 'Identity provider request failed: no answer in time');
  assert.equal(assertions.length, 1);
});

test('L11 timeouts: 10 s in all, 5 s an attempt and 3 s of reading, unless something else is said (3.3)', async (t) => {
  const limits = t.mock.method(AbortSignal, 'timeout').mock;
  const timers = t.mock.method(globalThis, 'setTimeout').mock;
  assert.equal((await ask([good])).failure, undefined);
  assert.deepEqual(
    limits.calls.map((call) => call.arguments[0]),
    [10_000, 5000],
  );
  assert.deepEqual(
    timers.calls.map((call) => call.arguments[1]).filter((milliseconds) => Number(milliseconds) >= 3000),
    [3000],
  );
});

test('L11 timeouts: an answer of 1 MiB is read (3.3)', async () => {
  const text = JSON.stringify(TOKEN).padEnd(1024 * 1024, ' ');
  assert.equal((await ask([() => new Response(text)])).failure, undefined);
});

test('what is sent is a form, and what is wanted is JSON (3.3)', async () => {
  const asked: RequestInit[] = [];
  const fetch: Fetch = async (_url, init) => {
    if (init !== undefined) asked.push(init);
    return good();
  };
  await createTokenEndpoint({ url: async () => 'https://op.test/token', fetch, now: () => 0 }).request(
    async () => ({ scope: 'a b' }),
    { forUser: false },
  );
  assert.deepEqual(
    asked.map(({ method, headers, body }) => ({ method, headers, body })),
    [
      {
        method: 'POST',
        headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
        body: 'scope=a+b',
      },
    ],
  );
});

test('L11 timeouts: the pause before the one retry is 50 to 150 milliseconds (3.3)', async () => {
  for (const [random, expected] of [
    [0, 50],
    [1, 150],
  ] as const) {
    const { waits } = await ask([broken, good], { random: () => random });
    assert.deepEqual(waits, [expected]);
  }
});

test('L11 timeouts: no retry after a redirect, an answer that is no token, or one that is too long (3.3)', async () => {
  const answers = [
    () => new Response(null, { status: 302, headers: { location: 'https://op.test/' } }),
    () => new Response('not json'),
    () => new Response('[]'),
    () => Response.json({ ...TOKEN, token_type: 'DPoP' }),
    () => Response.json({ ...TOKEN, access_token: '' }),
    () => Response.json({ ...TOKEN, expires_in: -1 }),
    () => Response.json({ ...TOKEN, expires_in: 1.5 }),
    () => Response.json({ ...TOKEN, expires_in: '60' }),
    () => new Response('x'.repeat(1024 * 1024 + 1)),
    () => new Response('x'.repeat(1024 * 1024 + 1), { status: 503 }),
  ];
  for (const answer of answers) {
    const { failure, assertions } = await ask([answer]);
    assert.deepEqual([failure?.failure, failure?.unavailable, assertions.length], ['unreachable', false, 1]);
  }
});

test('a provider that is away is told from one that refuses (2.7)', async () => {
  for (const status of [408, 429, 500, 503]) {
    const answer = (): Response => Response.json({ error: 'server_error' }, { status });
    assert.equal((await ask([answer, answer])).failure?.unavailable, true, String(status));
  }
  for (const status of [400, 401, 403, 404]) {
    const answer = (): Response => Response.json({ error: 'server_error' }, { status });
    assert.equal((await ask([answer])).failure?.unavailable, false, String(status));
  }
  assert.equal((await ask([], { url: unreadable })).failure?.unavailable, true);
});

test('invalid_client: credentials that have changed are tried once more, by a new assertion, without a pause (3.3)', async () => {
  let asked = 0;
  const onInvalidClient = async (): Promise<boolean> => {
    asked += 1;
    return true;
  };
  const second = await ask([refused, good], { onInvalidClient });
  assert.deepEqual([second.failure, second.assertions, second.waits], [undefined, ['1', '2'], []]);
  const never = await ask([refused, refused], { onInvalidClient });
  assert.deepEqual([never.failure?.error, never.assertions.length, asked], ['invalid_client', 2, 2]);
});

test('invalid_client: one more try does not use up the retry of an attempt that fails in passing (3.3)', async () => {
  const { failure, assertions } = await ask([refused, broken, good], { onInvalidClient: changed });
  assert.deepEqual([failure, assertions.length], [undefined, 3]);
});

test('invalid_client: credentials that are the same, or cannot be read, are not tried again (3.3)', async () => {
  const same = await ask([refused], { onInvalidClient: async () => false });
  assert.equal(same.failure?.error, 'invalid_client');
  const unread = await ask([refused], { onInvalidClient: unreadable });
  assert.equal(unread.failure?.error, 'invalid_client');
  let asked = 0;
  const onInvalidClient = async (): Promise<boolean> => {
    asked += 1;
    return true;
  };
  await ask([() => Response.json({ error: 'invalid_grant' }, { status: 400 })], { onInvalidClient });
  await ask([() => Response.json({ error: 'invalid_client' }, { status: 503, headers: { 'retry-after': '1' } })], {
    onInvalidClient,
  });
  assert.equal(asked, 0);
});
