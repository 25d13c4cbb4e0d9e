import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import express from 'express';
import { converse, statusOf } from './01-36-browser.ts';
import { startHostileProvider } from './01-36-provider.ts';
import type { World } from './01-36-world.ts';
import { HOST, startWorld } from './01-36-world.ts';
import { PATTERNS, trickyTargets } from './20-paths.ts';
import type { Pattern } from './20-paths.ts';
import { drawSeed, isFull } from './scale.ts';

const COUNT = isFull ? 3000 : 500;
const seed = process.env['FULLMAKT_TEST_SEED'] === undefined ? 1 : drawSeed();

/** What one request looked like to applications that read paths in their own ways. */
interface Seen {
  readonly raw: string;
  /** Whether each of them took it for a public path. */
  readonly verdicts: Readonly<Record<string, boolean>>;
}

/** Percent-decoded once, or as it is when that cannot be. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** As servers do that clean paths up: parameters off, decoded, backslashes turned, slashes merged, dots resolved. */
function cleanedUp(path: string): string {
  const bare = decoded(path.replaceAll(/;[^/]*/g, '')).replaceAll('\\', '/');
  const kept: string[] = [];
  for (const segment of bare.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  return `/${kept.join('/')}`;
}

/** An app that answers everything and notes how its parsers read the path. */
function readingApp(pattern: Pattern, seen: Seen[]): (request: IncomingMessage, response: ServerResponse) => void {
  const routed = new WeakSet<IncomingMessage>();
  const router = express();
  router.set('case sensitive routing', true);
  for (const route of pattern.express)
    router.all(route, (request, _response, next) => {
      routed.add(request);
      next();
    });
  router.use((request, response) => {
    const raw = request.url;
    const path = raw.split('?', 1)[0] ?? '';
    seen.push({
      raw,
      verdicts: {
        express: routed.has(request),
        url: pattern.matches.test(decoded(new URL(raw, 'http://app.test').pathname)),
        raw: pattern.matches.test(path),
        cleaned: pattern.matches.test(cleanedUp(path)),
      },
    });
    response.end(raw);
  });
  return (request, response) => void router(request, response);
}

async function startFor(t: TestContext, pattern: Pattern): Promise<{ world: World; seen: Seen[] }> {
  const seen: Seen[] = [];
  const provider = await sharedProvider(t);
  const env = { FULLMAKT_LOGIN_RULES: JSON.stringify([{ path: pattern.glob, login: 'exempt' }]) };
  return { world: await startWorld(t, { env, provider, app: readingApp(pattern, seen) }), seen };
}

async function sharedProvider(t: TestContext): ReturnType<typeof startHostileProvider> {
  const provider = await startHostileProvider({ now: () => 1_800_000_000 });
  t.after(() => provider.close());
  return provider;
}

function get(target: string): Buffer {
  const head = `GET ${target} HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`;
  // Characters beyond one byte are what they are in UTF-8, the others are bytes.
  return Buffer.from(head, /[^\0-\xff]/.test(head) ? 'utf8' : 'latin1');
}

for (const pattern of PATTERNS) {
  test(`T20 ${pattern.glob}: whatever is let through without a session is public to every parser behind, byte for byte`, async (t) => {
    t.diagnostic(`seed ${seed}`);
    const { world, seen } = await startFor(t, pattern);
    for (const target of pattern.opens) assert.equal(statusOf(await converse(world.port, get(target))), 200, target);
    let through = 0;
    const targets = trickyTargets(seed, COUNT);
    assert.ok(targets.length >= 300);
    for (const target of targets) {
      const before = seen.length;
      const status = statusOf(await converse(world.port, get(target)));
      const said = JSON.stringify(target);
      assert.ok([200, 400, 401, 404].includes(status), `${status} to ${said}`);
      const arrived = seen.slice(before);
      assert.equal(arrived.length, status === 200 ? 1 : 0, said);
      through += arrived.length;
      for (const { raw, verdicts } of arrived) {
        assert.equal(raw, target, 'what was judged is what is forwarded');
        assert.deepEqual(verdicts, { express: true, url: true, raw: true, cleaned: true }, said);
      }
    }
    t.diagnostic(`${through} of ${targets.length} let through`);
  });
}

test('T20 the query is no part of the match, however it is spelt', async (t) => {
  const [pattern] = PATTERNS;
  assert.ok(pattern);
  const { world, seen } = await startFor(t, pattern);
  for (const query of [
    '/public/',
    'x=/public/a',
    '../public/a',
    '?/public',
    '%2fpublic',
    '/../public',
    '&redirect=/public/x',
  ]) {
    assert.equal(statusOf(await converse(world.port, get(`/admin?${query}`))), 401, query);
    assert.equal(statusOf(await converse(world.port, get(`/public/a?${query}`))), 200, query);
    assert.equal(seen.at(-1)?.raw, `/public/a?${query}`);
  }
});

test('T20 what path.allow admits never opens anything', async (t) => {
  for (const pattern of PATTERNS.slice(0, 2)) {
    const seen: Seen[] = [];
    const env = {
      FULLMAKT_LOGIN_RULES: JSON.stringify([{ path: pattern.glob, login: 'exempt' }]),
      FULLMAKT_LOGIN_PATH_ALLOW: 'semicolon,double-slash,encoded-slash',
    };
    const world = await startWorld(t, { env, provider: await sharedProvider(t), app: readingApp(pattern, seen) });
    for (const target of trickyTargets(seed, 300)) {
      const before = seen.length;
      await converse(world.port, get(target));
      for (const { raw, verdicts } of seen.slice(before)) {
        assert.ok(!/;|\/\/|%2f/i.test(raw.split('?', 1)[0] ?? ''), raw);
        assert.deepEqual(verdicts, { express: true, url: true, raw: true, cleaned: true }, raw);
      }
    }
  }
});
