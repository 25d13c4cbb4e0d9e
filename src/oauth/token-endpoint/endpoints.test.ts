import assert from 'node:assert/strict';
import test from 'node:test';
import { createBreaker } from './breaker.ts';
import { createEndpoints } from './endpoints.ts';

const ISSUER = 'https://op.example';
const URL = `${ISSUER}/.well-known/openid-configuration`;
const DOCUMENT = { issuer: ISSUER, token_endpoint: `${ISSUER}/token`, jwks_uri: `${ISSUER}/jwks` };

interface Net {
  calls: number;
  answer: () => Response;
}

function discovering(clock: { now: number }): { net: Net; endpoints: ReturnType<typeof createEndpoints> } {
  const net: Net = { calls: 0, answer: () => Response.json(DOCUMENT) };
  const endpoints = createEndpoints(
    { issuer: ISSUER, endpoints: { wellKnownUrl: URL } },
    {
      fetch: async () => {
        net.calls += 1;
        return net.answer();
      },
      now: () => clock.now,
      isAllowedUrl: () => true,
    },
  );
  return { net, endpoints };
}

test('with every endpoint configured nothing is discovered (providers.md 2.1)', async () => {
  const endpoints = createEndpoints(
    { issuer: ISSUER, endpoints: { jwksUri: 'https://a', tokenEndpoint: 'https://b', wellKnownUrl: URL } },
    { fetch: () => Promise.reject(new Error('no traffic')), now: () => 0, isAllowedUrl: () => true },
  );
  assert.deepEqual([await endpoints.jwksUri(), await endpoints.tokenEndpoint()], ['https://a', 'https://b']);
});

test('the document is fetched once for all who ask, kept a day, and serves on while it cannot be had (2.2)', async () => {
  const clock = { now: 0 };
  const { net, endpoints } = discovering(clock);
  await Promise.all([endpoints.jwksUri(), endpoints.tokenEndpoint(), endpoints.tokenEndpoint()]);
  assert.equal(net.calls, 1);
  clock.now = 24 * 3600;
  net.answer = () => new Response('', { status: 404 });
  assert.equal(await endpoints.tokenEndpoint(), `${ISSUER}/token`);
  assert.equal(net.calls, 2);
  await endpoints.tokenEndpoint();
  assert.equal(net.calls, 2);
});

test('after a day the document is fetched again behind whoever asks (providers.md 2.2)', async () => {
  const clock = { now: 0 };
  const later = Promise.withResolvers<Response>();
  const answers = [Promise.resolve(Response.json(DOCUMENT)), later.promise];
  const endpoints = createEndpoints(
    { issuer: ISSUER, endpoints: { wellKnownUrl: URL } },
    {
      fetch: () => answers.shift() ?? Promise.reject(new Error('a third fetch')),
      now: () => clock.now,
      isAllowedUrl: () => true,
    },
  );
  await endpoints.tokenEndpoint();
  clock.now = 24 * 3600;
  assert.equal(await endpoints.tokenEndpoint(), `${ISSUER}/token`);
  assert.equal(await endpoints.tokenEndpoint(), `${ISSUER}/token`);
  later.resolve(Response.json({ ...DOCUMENT, token_endpoint: `${ISSUER}/token2` }));
  await new Promise(setImmediate);
  assert.equal(await endpoints.tokenEndpoint(), `${ISSUER}/token2`);
});

test('a document of another issuer is refused, and asked for again only after a pause (RFC 8414 3.3)', async () => {
  const clock = { now: 0 };
  const { net, endpoints } = discovering(clock);
  net.answer = () => Response.json({ ...DOCUMENT, issuer: 'https://evil.example' });
  await assert.rejects(endpoints.tokenEndpoint());
  await assert.rejects(endpoints.tokenEndpoint());
  assert.equal(net.calls, 1);
  clock.now = 1;
  net.answer = () => Response.json(DOCUMENT);
  assert.equal(await endpoints.tokenEndpoint(), `${ISSUER}/token`);
});

test('metadata that cannot be had is asked for after 1 s, doubling to 30 s, whether or not there is an old one (2.5)', async () => {
  for (const hasOld of [false, true]) {
    const clock = { now: 0 };
    const { net, endpoints } = discovering(clock);
    if (hasOld) await endpoints.tokenEndpoint();
    net.answer = () => new Response('', { status: 404 });
    const start = 24 * 3600;
    const asked: number[] = [];
    for (clock.now = start; clock.now < start + 130; clock.now += 1) {
      const before = net.calls;
      await endpoints.tokenEndpoint().catch(() => {});
      await new Promise(setImmediate);
      if (net.calls > before) asked.push(clock.now - start);
    }
    assert.deepEqual(asked, [0, 1, 3, 7, 15, 31, 61, 91, 121], String(hasOld));
  }
});

test('failures count only in a row: one answer between them and the breaker stays closed (3.3)', () => {
  const breaker = createBreaker(() => 0);
  for (let round = 0; round < 3; round += 1) {
    for (let failures = 0; failures < 4; failures += 1) breaker.failed(false);
    assert.deepEqual([breaker.isOpen(), breaker.enter()], [false, { pass: true, isTrial: false }]);
    breaker.succeeded();
  }
});

test('the pause of an open breaker is told in whole seconds, never too short (3.4)', () => {
  const clock = { now: 0 };
  const breaker = createBreaker(() => clock.now);
  for (let failures = 0; failures < 5; failures += 1) breaker.failed(false);
  for (const [now, retryAfterSeconds] of [
    [0, 2],
    [0.5, 2],
    [1, 1],
    [1.9, 1],
  ] as const) {
    clock.now = now;
    assert.deepEqual(breaker.enter(), { pass: false, retryAfterSeconds });
  }
});

test('the breaker opens after five failures in a row, doubles its pause to 30 s, and lets one trial through', () => {
  const clock = { now: 0 };
  const breaker = createBreaker(() => clock.now);
  for (let failure = 0; failure < 5; failure += 1) {
    assert.ok(breaker.enter().pass);
    breaker.failed(false);
  }
  const pauses: number[] = [];
  for (let trial = 0; trial < 6; trial += 1) {
    const entry = breaker.enter();
    assert.ok(!entry.pass);
    pauses.push(entry.retryAfterSeconds);
    clock.now += entry.retryAfterSeconds;
    assert.ok(breaker.enter().pass);
    assert.ok(!breaker.enter().pass);
    breaker.failed(true);
  }
  assert.deepEqual(pauses, [2, 4, 8, 16, 30, 30]);
  clock.now += 30;
  assert.ok(breaker.enter().pass);
  breaker.abandoned(true);
  assert.ok(breaker.enter().pass);
  breaker.succeeded();
  assert.ok(breaker.enter().pass && breaker.enter().pass && !breaker.isOpen());
});
