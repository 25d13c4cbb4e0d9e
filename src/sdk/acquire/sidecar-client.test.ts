import assert from 'node:assert/strict';
import test from 'node:test';
import { openListener } from '../../web/testing/raw-client.ts';
import { json } from '../../web/http.ts';
import { tokensFromEnv } from '../tokens.ts';

const TOKEN = { access_token: 'x', token_type: 'Bearer', expires_in: 60 };
const NO_SIDECAR = (): Response => new Response('<html>', { status: 404 });

async function said(asked: Promise<{ readonly ok: boolean; readonly error?: Error }>): Promise<string> {
  return (await asked).error?.message ?? '';
}

const MACHINE = { provider: 'entra_id', target: 'a' } as const;

test('L11 timeouts: what stands in the place of the sidecar leads nowhere else, and is asked once (3.3, 5.4)', async (t) => {
  const elsewhere: string[] = [];
  const other = await openListener(t, {
    handle: ({ path }) => {
      elsewhere.push(path);
      return json(200, TOKEN);
    },
  });
  for (const status of [301, 302, 303, 307, 308]) {
    let asked = 0;
    const { origin } = await openListener(t, {
      handle: () => {
        asked += 1;
        return { ...json(status, TOKEN), headers: { Location: `${other.origin}/token` } };
      },
    });
    const tokens = tokensFromEnv({ env: { NAIS_TOKEN_ENDPOINT: `${origin}/api/v1/token` } });
    t.after(() => tokens.close());
    const outcome = await tokens.machine(MACHINE);
    assert.ok(!outcome.ok, String(status));
    assert.equal(outcome.error.kind, 'transient');
    assert.equal(asked, 1);
  }
  assert.deepEqual(elsewhere, []);
});

test('what answers in the place of the sidecar, or nothing, is told with the variable that named it (5.4)', async (t) => {
  const user = { provider: 'tokenx', target: 'a', user: 'x' } as const;
  const env = {
    NAIS_TOKEN_ENDPOINT: 'http://127.0.0.1:7164/api/v1/token',
    NAIS_TOKEN_EXCHANGE_ENDPOINT: 'http://127.0.0.1:7164/api/v1/token/exchange',
  };
  let answer: () => Response = NO_SIDECAR;
  const tokens = tokensFromEnv({ env, fetch: async () => answer() });
  t.after(() => tokens.close());
  for (const [made, told] of [
    [NO_SIDECAR, /server_error: status 404, and no OAuth error: is (\w+) the address of the sidecar\?/],
    [(): Response => Response.json([]), /the sidecar gave an answer that is no token: is (\w+) its address\?/],
  ] as const) {
    answer = made;
    const outcomes = [await said(tokens.machine(MACHINE)), await said(tokens.onBehalfOf(user))];
    const names = outcomes.map((message) => told.exec(message)?.[1] ?? message);
    assert.deepEqual(names, Object.keys(env));
  }
  answer = (): never => {
    throw new TypeError('fetch failed');
  };
  assert.match(
    await said(tokens.onBehalfOf(user)),
    /the sidecar cannot be reached, .*: NAIS_TOKEN_EXCHANGE_ENDPOINT says where/,
  );
});

test('L11 timeouts: whoever asks the sidecar has a limit for the whole of it, and gives it to fetch (5.4)', async (t) => {
  let signal: AbortSignal | null | undefined;
  const tokens = tokensFromEnv({
    env: { NAIS_TOKEN_ENDPOINT: 'http://127.0.0.1:7164/api/v1/token' },
    fetch: async (_url, init) => {
      signal = init?.signal;
      throw new DOMException('it took too long', 'TimeoutError');
    },
  });
  t.after(() => tokens.close());
  const outcome = await tokens.machine(MACHINE);
  assert.ok(!outcome.ok);
  assert.equal(outcome.error.kind, 'transient');
  assert.ok(signal instanceof AbortSignal && !signal.aborted);
});

test('L11 timeouts: an answer of 1 MiB is read within 12 s, and one of a byte more is none (5.4)', async (t) => {
  const limits = t.mock.method(AbortSignal, 'timeout').mock;
  for (const [bytes, ok] of [
    [1024 * 1024, true],
    [1024 * 1024 + 1, false],
  ] as const) {
    const tokens = tokensFromEnv({
      env: { NAIS_TOKEN_ENDPOINT: 'http://127.0.0.1:7164/api/v1/token' },
      fetch: async () => new Response(JSON.stringify(TOKEN).padEnd(bytes, ' ')),
    });
    t.after(() => tokens.close());
    const outcome = await tokens.machine(MACHINE);
    assert.equal(outcome.ok || outcome.error.kind, ok || 'transient');
  }
  assert.deepEqual(
    limits.calls.map((call) => call.arguments),
    [[12_000], [12_000]],
  );
});
