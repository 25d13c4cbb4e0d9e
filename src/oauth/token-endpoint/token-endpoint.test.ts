import assert from 'node:assert/strict';
import test from 'node:test';
import type { Fetch } from '../fetch.ts';
import { createTokenEndpoint } from './token-endpoint.ts';
import { TokenRequestFailed } from './token-failure.ts';

const TOKEN = { access_token: 'a', token_type: 'Bearer', expires_in: 60 };

interface Asked {
  readonly failure: TokenRequestFailed | undefined;
  /** The assertion of every attempt. */
  readonly assertions: readonly string[];
  readonly redirects: readonly (string | undefined)[];
}

/** Asks a provider whose first answer is this, and whose second is a token. */
async function ask(first: () => Response): Promise<Asked> {
  const assertions: string[] = [];
  const redirects: (string | undefined)[] = [];
  const fetch: Fetch = async (_url, init) => {
    const body = init?.body;
    assertions.push(new URLSearchParams(typeof body === 'string' ? body : '').get('assertion') ?? '');
    redirects.push(init?.redirect);
    return assertions.length === 1 ? first() : Response.json(TOKEN);
  };
  const endpoint = createTokenEndpoint({
    url: () => Promise.resolve('https://op.test/token'),
    fetch,
    now: () => 0,
    wait: () => Promise.resolve(),
  });
  let signed = 0;
  const form = async (): Promise<Record<string, string>> => {
    signed += 1;
    return { assertion: `assertion ${signed}` };
  };
  const failure = await endpoint.request(form, { forUser: false }).then(
    () => undefined,
    (error: unknown) => {
      assert.ok(error instanceof TokenRequestFailed);
      return error;
    },
  );
  return { failure, assertions, redirects };
}

function answer(status: number, headers: Record<string, string> = {}): () => Response {
  return () => Response.json({ error: 'x' }, { status, headers });
}

function fail(error: Error): () => Response {
  return () => {
    throw error;
  };
}

test('one retry, with an assertion of its own, after no answer, 408, 429 and 5xx (providers.md 2.3)', async () => {
  const causes = [fail(new TypeError('fetch failed')), fail(new DOMException('slow', 'TimeoutError'))];
  for (const first of [...causes, ...[408, 429, 500, 502, 503, 504].map((status) => answer(status))]) {
    const { failure, assertions } = await ask(first);
    assert.equal(failure, undefined);
    assert.deepEqual(assertions, ['assertion 1', 'assertion 2']);
  }
});

test('no retry when Retry-After came, which is passed on, nor after any other answer (providers.md 2.3)', async () => {
  for (const status of [408, 429, 500, 503]) {
    const { failure, assertions } = await ask(answer(status, { 'retry-after': '7' }));
    assert.deepEqual([failure?.kind, failure?.retryAfterSeconds, assertions.length], ['transient', 7, 1]);
  }
  for (const status of [301, 302, 307, 308, 400, 401, 403, 404, 413]) {
    const { failure, assertions, redirects } = await ask(answer(status, { location: 'https://op.test/token' }));
    assert.ok(failure !== undefined);
    assert.deepEqual([assertions.length, redirects], [1, ['manual']], String(status));
  }
});

test('a client that gave an answer up, as one far too long, is not asked again (3.3, 3.4)', async () => {
  const { failure, assertions } = await ask(fail(new Error('response body is longer than 1048576 bytes')));
  assert.equal(assertions.length, 1);
  assert.equal(failure?.status, 500);
  assert.match(failure?.description ?? '', /^Identity provider request failed:/);
});
