import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { createBuckets } from '../../src/exchange/request/limits.ts';
import { createReplayQuota } from '../../src/exchange/client/replay-quota.ts';
import { exchangeEvents } from '../../src/exchange/record/event-table.ts';
import { sign } from '../../src/exchange/testing/world.ts';
import { CLIENT_ASSERTION_TYPE, GRANT } from '../../src/oauth/client-assertion.ts';
import { createObserver } from '../../src/observe/observer.ts';
import { createMemoryReplay } from '../../src/store/replay-memory.ts';
import { openTarget } from './60-exchange-templates.ts';
import type { Message, Target } from './60-exchange-templates.ts';
import { isFull } from './scale.ts';
import { AT_ONCE, createHeapMeter, FORM, REQUESTS, segment } from './36-floods.ts';

const KEYS = isFull ? 1_000_000 : 50_000;
/** Once everything is full nothing grows; at quick scale a thousand more of each kind have to fit. */
const GROWTH_BYTES = 12 * 1024 * 1024;
/** Those that cost a signature come half as often. */
const SIGNED: ReadonlySet<number> = new Set([4, 5, 7]);

const heapBytes = createHeapMeter();
const post = (
  path: string,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Message => ({
  method: 'POST',
  path,
  headers: { ...FORM, ...headers },
  form,
});
const get = (path: string, headers: Readonly<Record<string, string>> = {}): Message => ({
  method: 'GET',
  path,
  headers,
});

/** A form that claims to come from somebody, with a signature that is none. */
function claimed(
  header: object,
  claims: object,
  more: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const client_assertion = `${segment({ alg: 'RS256', ...header })}.${segment(claims)}.AAAA`;
  return { grant_type: GRANT.tokenExchange, client_assertion_type: CLIENT_ASSERTION_TYPE, client_assertion, ...more };
}

/** The nth request: each kind has something in it that was never sent before. */
async function strange({ world, keys }: Target, n: number): Promise<Message> {
  const iat = Math.floor(world.clock.now);
  const web = {
    iss: 'dev:fleet:web',
    sub: 'dev:fleet:web',
    aud: 'https://tx.example.test',
    jti: `j${n}`,
    iat,
    exp: iat + 60,
  };
  const hex = createHash('sha256').update(`${n}`).digest('hex');
  const kind = n % 10;
  switch (n % 20 > 9 && SIGNED.has(kind) ? 9 : kind) {
    case 0:
      return get(`/path-${n}/token`, {
        'x-correlation-id': `c${n}`,
        traceparent: `00-${hex.slice(0, 32)}-${hex.slice(0, 16)}-01`,
      });
    case 1:
      return post('/token', claimed({ kid: `kid-${n}` }, web));
    case 2:
      return post('/token', claimed({}, { ...web, iss: `dev:fleet:app-${n}`, sub: `dev:fleet:app-${n}` }));
    case 3:
      return post('/token', { ...claimed({}, web), audience: `dev:fleet:target-${n}`, [`unknown-${n}`]: '1' });
    case 4:
      // Proven, and used once.
      return post('/token', {
        ...claimed({}, web),
        client_assertion: await world.assertion(),
        audience: `dev:fleet:target-${n}`,
      });
    case 5:
      return post('/introspect', {
        ...claimed({}, web),
        client_assertion: await world.assertion(),
        token: `${segment({ alg: 'RS256', kid: `kid-${n}` })}.${segment({ iss: `https://i${n}.example.test` })}.AAAA`,
      });
    case 6:
      return get('/admin/replicas', {
        authorization: `Bearer ${segment({ alg: 'RS256', kid: `kid-${n}` })}.${segment({ iss: `op-${n}`, sub: `op-${n}` })}.AAAA`,
      });
    case 7: {
      // An unknown key of a trusted issuer, from a client that may ask.
      const claims = { iss: 'https://idp.example.test', sub: `u${n}`, client_id: 'login-client', iat, exp: iat + 60 };
      const subject_token = await sign(claims, { ...keys.stranger, kid: `kid-${n}` });
      return post('/token', Object.fromEntries(new URLSearchParams(await world.form({ subject_token }))));
    }
    case 8:
      return post(
        '/token',
        { grant_type: `grant-${n}`, subject_token_type: `type-${n}` },
        { 'user-agent': `agent ${n}` },
      );
    default:
      return get(`/metrics?name[]=metric_${n}&${n}`, { 'if-none-match': `"${n}"`, cookie: `c${n}=${n}` });
  }
}

test(`T36 N10: ${REQUESTS} requests of which no two are alike: memory and metrics of the exchange stay where they were`, async (t) => {
  const target = await openTarget(t);
  const { world } = target;
  const observer = createObserver({ destination: { write: () => undefined }, now: () => world.clock.now });
  t.after(() => observer.close());
  const emit = observer.emitter('exchange', exchangeEvents);
  const flood = async (from: number, to: number): Promise<void> => {
    for (let n = from; n < to; n += AT_ONCE) {
      world.clock.now += 0.5;
      const messages = await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => strange(target, n + index)));
      const answers = await Promise.all(messages.map((message) => target.send(message)));
      for (const { status } of answers) assert.ok(status < 500 && status !== 429, `${status}`);
      for (const event of world.events.splice(0)) emit(event);
      world.remembered.length = 0;
    }
  };
  await flood(0, REQUESTS / 2);
  const [before, seriesBefore] = [heapBytes(), (await observer.metrics()).split('\n')];
  await flood(REQUESTS / 2, REQUESTS);
  const [after, series] = [heapBytes(), (await observer.metrics()).split('\n')];
  assert.equal(series.length, seriesBefore.length, 'no label says what a stranger chose');
  assert.ok(series.some((line) => line.startsWith('fullmakt_exchange_requests_total')));
  assert.ok(series.every((line) => !/(?:path|app|target|kid|type|grant|op|unknown)-\d{4}|\bj\d{4}/.test(line)));
  assert.ok(after - before < GROWTH_BYTES, `${after - before} bytes more after the second half`);
  t.diagnostic(`${Math.round((after - before) / 1024)} KiB more after the second half of ${REQUESTS}`);
  assert.ok(
    world.fetches() <= 2 + (REQUESTS / AT_ONCE) * (0.5 / 30) + 1,
    `${world.fetches()} fetches: one each 30 s at most`,
  );
});

test(`T36 ${KEYS} addresses and names fill no more buckets than there may be`, () => {
  const clock = { now: 0 };
  const buckets = createBuckets({ perSecond: 20, burst: 60 }, () => clock.now);
  for (let n = 0; n < KEYS; n += 1) {
    buckets.charge(`2001:db8::${n.toString(16)} dev:fleet:app-${n}`);
    clock.now += 0.0001;
  }
  assert.ok(buckets.size() <= 10_000, `${buckets.size()}`);
});

test(`T36 N10: ${KEYS} jtis of one client are counted, and stop at its limit before they are remembered`, async (t) => {
  const clock = { now: 1000 };
  const store = createMemoryReplay({ now: () => clock.now });
  t.after(() => store.close());
  const quota = createReplayQuota({ now: () => clock.now, perClient: 10_000 });
  let remembered = 0;
  for (let n = 0; n < KEYS; n += 1) {
    const expiresAt = clock.now + 1 + (n % 130);
    if (!quota.enter('dev:fleet:web', expiresAt)) continue;
    await store.claim(`assertion:${randomUUID()}`, expiresAt);
    remembered += 1;
  }
  assert.equal(remembered, 10_000);
  assert.equal(quota.enter('dev:fleet:api', clock.now + 60), true, 'another client has its own');
  clock.now += 131;
  assert.equal(quota.enter('dev:fleet:web', clock.now + 60), true, 'what has ended makes room');
});

test(`T36 ${KEYS} clients are counted in no more than there may be`, () => {
  const quota = createReplayQuota({ now: () => 0 });
  for (let n = 0; n < KEYS; n += 1) quota.enter(`dev:fleet:app-${n}`, 60);
  assert.ok(quota.size() <= 20_000, `${quota.size()}`);
});
