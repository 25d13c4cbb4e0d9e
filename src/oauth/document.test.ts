import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DocumentUnavailable, fetchDocument, isProviderUrl } from './document.ts';

const URL_OF_DOCUMENT = 'https://issuer.test/doc';

async function reasonOf(
  answers: readonly (Response | Error)[],
  maxBytes = 100,
): Promise<{ reason: string; attempts: number }> {
  let attempts = 0;
  const fetch = async (): Promise<Response> => {
    const answer = answers[attempts];
    attempts += 1;
    assert.ok(answer);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  try {
    await fetchDocument(URL_OF_DOCUMENT, { fetch, maxBytes, pause: async () => {} });
    return { reason: 'ok', attempts };
  } catch (error) {
    assert.ok(error instanceof DocumentUnavailable);
    return { reason: error.reason, attempts };
  }
}

function busy(): Response {
  return new Response('', { status: 503 });
}

async function alwaysBusy(): Promise<Response> {
  return busy();
}

test('asks for JSON and never follows a redirect', async () => {
  let asked: RequestInit | undefined;
  const fetch = async (_url: string, init?: RequestInit): Promise<Response> => {
    asked = init;
    return new Response('{"a":1}', { headers: { 'Content-Type': 'text/html' } });
  };
  assert.deepEqual(await fetchDocument(URL_OF_DOCUMENT, { fetch, maxBytes: 100 }), { a: 1 });
  assert.equal(asked?.redirect, 'manual');
  assert.equal(new Headers(asked?.headers).get('accept'), 'application/jwk-set+json, application/json');
  assert.ok(asked?.signal instanceof AbortSignal);
  assert.deepEqual(await reasonOf([new Response(null, { status: 302 })]), { reason: 'status 302', attempts: 1 });
});

test('tries twice more after faults that pass, and not after others', async () => {
  assert.deepEqual(await reasonOf([busy(), new TypeError('reset'), new Response('{}')]), { reason: 'ok', attempts: 3 });
  assert.deepEqual(await reasonOf([busy(), busy(), busy()]), { reason: 'status 503', attempts: 3 });
  assert.deepEqual(await reasonOf([new Response('', { status: 429 }), new Response('{}')]), {
    reason: 'ok',
    attempts: 2,
  });
  assert.deepEqual(await reasonOf([new Response('', { status: 408 }), new Response('{}')]), {
    reason: 'ok',
    attempts: 2,
  });
  assert.deepEqual(await reasonOf([new Response('', { status: 404 })]), { reason: 'status 404', attempts: 1 });
  assert.deepEqual(await reasonOf([new Response('{"a":1,"a":2}')]), { reason: 'not strict JSON', attempts: 1 });
});

test('J10 an address that may not be talked to is not tried again, nor what is no fault of the network, nor anything beyond the retries', async () => {
  const refused = Object.assign(new Error('no'), { code: 'ERR_ADDRESS_REFUSED' });
  for (const [error, reason] of [
    [new TypeError('fetch failed', { cause: refused }), 'its address may not be talked to'],
    [refused, 'its address may not be talked to'],
    [new Error('longer than anybody reads'), 'no connection'],
  ] as const) {
    assert.deepEqual(await reasonOf([error]), { reason, attempts: 1 });
  }
  let asked = 0;
  const fetch = async (): Promise<Response> => {
    asked += 1;
    return busy();
  };
  await assert.rejects(fetchDocument(URL_OF_DOCUMENT, { fetch, maxBytes: 9, retries: 0 }), { reason: 'status 503' });
  assert.equal(asked, 1);
});

/** Answers nothing until it is told to stop. */
function hang(_url: string, init?: RequestInit): Promise<Response> {
  return new Promise((_resolve, reject) => {
    init?.signal?.addEventListener('abort', () => reject(new Error('aborted')));
  });
}

test('a server that was silent for too long is asked again (sidecar-sdk.md 2.5)', async () => {
  const silent = new DOMException('no answer in time', 'TimeoutError');
  assert.deepEqual(await reasonOf([silent, silent, silent]), { reason: 'timeout', attempts: 3 });
  assert.deepEqual(await reasonOf([silent, new Response('{}')]), { reason: 'ok', attempts: 2 });
});

function isAllowedUrl(url: string): boolean {
  return url.startsWith('http://a.test/');
}

test('a URL that may not be talked to is not, neither by the usual rule nor by one that is given (2.5)', async () => {
  const asked: string[] = [];
  const fetch = async (url: string): Promise<Response> => {
    asked.push(url);
    return new Response('{}');
  };
  const options = { fetch, maxBytes: 9 };
  await assert.rejects(fetchDocument('http://a.test/doc', options), { reason: 'the URL is not https' });
  await assert.rejects(fetchDocument(URL_OF_DOCUMENT, { ...options, isAllowedUrl }), DocumentUnavailable);
  assert.deepEqual(asked, []);
  await fetchDocument('http://a.test/doc', { ...options, isAllowedUrl });
  assert.deepEqual(asked, ['http://a.test/doc']);
});

test('the pauses between attempts are 50 to 150 ms, not the same for all (2.5)', async (t) => {
  const waits = async (random: number): Promise<readonly number[]> => {
    const waited: number[] = [];
    const { mock } = t.mock.method(Math, 'random', () => random);
    const pause = async (milliseconds: number): Promise<void> => void waited.push(milliseconds);
    await assert.rejects(fetchDocument(URL_OF_DOCUMENT, { fetch: alwaysBusy, maxBytes: 9, pause }), {
      reason: 'status 503',
    });
    mock.restore();
    return waited;
  };
  assert.deepEqual(
    [await waits(0), await waits(1)],
    [
      [50, 50],
      [150, 150],
    ],
  );
});

test('all attempts together have 10 s unless something else is said (2.5)', async (t) => {
  const { mock } = t.mock.method(AbortSignal, 'timeout');
  await fetchDocument(URL_OF_DOCUMENT, { fetch: async () => new Response('{}'), maxBytes: 9 });
  assert.deepEqual(
    mock.calls.map((call) => call.arguments),
    [[10_000]],
  );
});

test('J10 the whole fetch has its time', async () => {
  await assert.rejects(fetchDocument(URL_OF_DOCUMENT, { fetch: hang, maxBytes: 9, totalSeconds: 0.05 }), {
    reason: 'timeout',
  });
});

test('reads as many bytes as allowed and not one more', async () => {
  assert.deepEqual(await reasonOf([new Response(`"${'x'.repeat(98)}"`)]), { reason: 'ok', attempts: 1 });
  assert.deepEqual(await reasonOf([new Response(`"${'x'.repeat(99)}"`)]), {
    reason: 'longer than 100 bytes',
    attempts: 1,
  });
});

test('a body without end is left as soon as it is too long', async () => {
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(64)),
  });
  assert.deepEqual(await reasonOf([new Response(endless)]), { reason: 'longer than 100 bytes', attempts: 1 });
});

test('only https, or http to this machine, without user information', () => {
  const good = [
    'https://a.test/x',
    'http://localhost:1/x',
    'http://127.0.0.1/',
    'http://127.9.9.9/',
    'http://[::1]:7/',
    'http://x.localhost/',
  ];
  const bad = [
    'http://a.test/',
    'http://127.0.0.1.a.test/',
    'http://localhost.a.test/',
    'ftp://localhost/',
    'file:///etc/x',
    'https://u:p@a.test/',
    'x',
    '',
    'http://[::2]/',
    'http://0.0.0.0/',
  ];
  assert.deepEqual(
    good.filter((url) => !isProviderUrl(url)),
    [],
  );
  assert.deepEqual(bad.filter(isProviderUrl), []);
});

/** Does what the built-in fetch does with its signal, and nothing else until then. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')), { once: true });
  });
}

test('a call in which nothing comes any more is given up and tried again, before the headers and inside the body (2.5)', async () => {
  let attempts = 0;
  const fetch = async (_url: string, init?: RequestInit): Promise<Response> => {
    attempts += 1;
    const signal = init?.signal ?? assert.fail('no signal');
    if (attempts === 1) return await untilAborted(signal);
    if (attempts === 3) return new Response('{"a":1}');
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(Buffer.from('{'));
        await untilAborted(signal).catch((error: unknown) => controller.error(error));
      },
    });
    return new Response(body);
  };
  const options = { fetch, maxBytes: 100, pause: async () => {}, quietSeconds: 0.02 };
  assert.deepEqual(await fetchDocument(URL_OF_DOCUMENT, options), { a: 1 });
  assert.equal(attempts, 3);
});
