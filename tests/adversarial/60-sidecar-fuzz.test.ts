import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anyPrincipal } from '../../src/sdk/index.ts';
import { VALUES } from './60-odd.ts';
import { openBoth } from './60-sidecar-world.ts';
import { createRandom, drawSeed, isFull } from './scale.ts';
import type { Random } from './scale.ts';
import { postTo } from './sidecar-alone.ts';
import { wholeFile } from './whole-file.ts';
import { threadMs } from './60-odd.ts';

/* Good requests to the sidecar, and good tokens and headers at the library, spoilt at random. */

const REQUESTS = isFull ? 100_000 : 4000;
const TEXTS = isFull ? 100_000 : 5000;
const AT_ONCE = 16;
const STACK = /\bat (?:async )?(?:file:|node:|\/)|node:internal|\.ts:\d+/;
const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';
const seed = drawSeed();
const { sidecar, auth, claims: CLAIMS, signed, good: GOOD } = await openBoth(wholeFile());

const HEADERS = [
  'origin',
  'sec-fetch-site',
  'host',
  'content-encoding',
  'x-correlation-id',
  'traceparent',
  'cookie',
  'authorization',
  'expect',
  'accept',
] as const;
const PIECES = [
  '',
  'x',
  '.',
  '..',
  '&',
  '=',
  '%',
  '\u0000',
  '\r\n',
  '"',
  '{',
  '[',
  'æ',
  '😀',
  '__proto__',
  'null',
  '-1',
  '1e999',
  'eyJ',
  'Bearer',
] as const;

/** A good request that was spoilt in one to three places. */
function spoilt(random: Random): {
  readonly path: string;
  readonly body: string;
  readonly headers: Record<string, string>;
} {
  const [path, fields] = random.pick(Object.entries(GOOD) as [[string, Readonly<Record<string, string>>]]);
  const values: Record<string, unknown> = { ...fields };
  const headers: Record<string, string> = { 'content-type': JSON_TYPE };
  let asForm = random.below(3) === 0;
  let cut: ((text: string) => string) | undefined;
  for (let times = 1 + random.below(3); times > 0; times -= 1) {
    const name = random.pick(Object.keys(fields) as [string]);
    const text = String(fields[name]);
    const at = random.below(text.length + 1);
    switch (random.below(8)) {
      case 0:
        values[name] = random.pick(VALUES);
        break;
      case 1:
        values[name] = text.slice(0, at) + random.pick(PIECES) + text.slice(at + random.below(4));
        break;
      case 2:
        delete values[name];
        break;
      case 3:
        values[random.pick(PIECES)] = random.pick(PIECES);
        break;
      case 4:
        cut = (whole) =>
          whole.slice(0, random.below(whole.length)) + random.pick(PIECES) + whole.slice(random.below(whole.length));
        break;
      case 5:
        headers[random.pick(HEADERS)] = random.pick([
          'x',
          '',
          'null',
          'https://x.test',
          '0'.repeat(500),
          'gzip',
          'a, b',
        ]);
        break;
      case 6:
        headers['content-type'] = random.pick([FORM_TYPE, `${JSON_TYPE}; charset=x`, 'text/plain', `${JSON_TYPE}x`]);
        break;
      default:
        asForm = !asForm;
    }
  }
  if (asForm && headers['content-type'] === JSON_TYPE) headers['content-type'] = FORM_TYPE;
  const strings = Object.entries(values).map(([name, value]): [string, string] => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  const body = asForm ? new URLSearchParams(strings).toString() : JSON.stringify(values);
  return { path, headers, body: cut === undefined ? body : cut(body) };
}

test(`T60 B7 sidecar: ${REQUESTS} good requests spoilt in one to three places: an answer of the contract to each, and nothing of the inside, seed ${seed}`, async () => {
  const random = createRandom(seed);
  const told = sidecar.events.length;
  const statuses = new Map<number, number>();
  for (let sent = 0; sent < REQUESTS; sent += AT_ONCE) {
    const batch = Array.from({ length: AT_ONCE }, () => spoilt(random));
    const answers = await Promise.all(
      batch.map(({ path, body, headers }) =>
        postTo(sidecar.origin, path, body, headers).catch((error: unknown) => ({ status: 0, body: String(error) })),
      ),
    );
    for (const [index, { status, body }] of answers.entries()) {
      const asked = JSON.stringify(batch[index]).slice(0, 600);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      // `Expect` with anything but the one value it has, or a header that cannot be sent.
      if (status === 0 || status === 417) continue;
      assert.ok([200, 400, 403].includes(status), `${status} ${body} to ${asked}`);
      assert.doesNotMatch(body, STACK, asked);
      if (body !== '') assert.doesNotThrow(() => JSON.parse(body), asked);
    }
  }
  assert.ok(
    (statuses.get(200) ?? 0) > REQUESTS / 20 && (statuses.get(400) ?? 0) > REQUESTS / 20,
    [...statuses].join(' '),
  );
  assert.equal(sidecar.events.slice(told).filter(({ event }) => event === 'sidecar.bug').length, 0);
  assert.equal((await sidecar.post('/token', { identity_provider: 'entra_id', target: 'after' })).status, 200);
});

test(`T60 B7 SDK: ${TEXTS} tokens and headers spoilt in one to three places: a refusal as a value, never an exception, seed ${seed}`, async () => {
  const random = createRandom(seed + 1);
  const good = signed(JSON.stringify(CLAIMS));
  let slowest = 0;
  for (let n = 0; n < TEXTS; n += 1) {
    let text = good;
    for (let times = 1 + random.below(3); times > 0; times -= 1) {
      const at = random.below(text.length + 1);
      text = text.slice(0, at) + random.pick(PIECES) + text.slice(at + random.below(6));
    }
    const from = threadMs();
    const verdict = await auth.validate(text);
    assert.ok(!verdict.ok || text === good, text);
    const request = await auth.authenticate(
      { headers: { authorization: random.pick([text, `Bearer ${text}`, `bearer  ${text}`]) } },
      anyPrincipal,
    );
    assert.ok(!request.ok || text === good);
    slowest = Math.max(slowest, threadMs() - from);
  }
  assert.ok(slowest < 500, `${slowest} ms`);
});
