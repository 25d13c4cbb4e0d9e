import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { converse, statusOf } from './01-36-browser.ts';
import type { Browser } from './01-36-browser.ts';
import { identityOf } from './01-36-provider.ts';
import type { World } from './01-36-world.ts';
import { listen } from '../servers/listen.ts';
import { HOST, startWorld } from './01-36-world.ts';

interface Spelling {
  /** A header line as a client writes it, one character a byte. */
  readonly line: string;
  /** Whether the request goes on without it, or is refused with 400. */
  readonly expect: 'dropped' | 'refused';
}

const SPELLINGS: readonly Spelling[] = JSON.parse(
  readFileSync(new URL('14-15-owned-headers.json', import.meta.url), 'utf8'),
);
const DROPPED = SPELLINGS.filter(({ expect }) => expect === 'dropped').map(({ line }) => line);
const RULES = JSON.stringify([
  { path: '/exempt/**', login: 'exempt' },
  { path: '/optional/**', login: 'optional' },
  { path: '/preflight/**', preflight: 'upstream' },
]);
const HANDSHAKE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}`,
];

/** What the app may find under names that a server behind us could take for ours, names folded as such servers do. */
const OURS: Readonly<Record<string, RegExp>> = {
  authorization: /^Bearer at\./,
  'x-forwarded-for': /^127\.0\.0\.1$/,
  'x-forwarded-host': /^app\.example\.test$/,
  'x-forwarded-proto': /^https$/,
};
const OWNED =
  /^(?:authorization|forwarded|x-real-ip|x-original-ur[li]|x-rewrite-url|x-(?:wonderwall|fullmakt|forwarded)-.*)$/;

/** That no header of this request is the client's under a name of ours, and none of ours is there twice. */
function assertClean({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>, said: string): void {
  assert.ok(!rawHeaders.join('\n').includes('forged'), said);
  const folded = new Set<string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase().replaceAll(/[^a-z0-9]/g, '-');
    if (!OWNED.test(name)) continue;
    assert.ok(!folded.has(name), `${name} arrived twice: ${said}`);
    folded.add(name);
    assert.match(rawHeaders[index + 1] ?? '', OURS[name] ?? /$^/, `${name}: ${said}`);
  }
}

function requestWith(start: string, lines: readonly string[]): string {
  return `${[`${start} HTTP/1.1`, `Host: ${HOST}`, ...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`;
}

function cookieOf({ jar }: Browser): string {
  return `Cookie: ${[...jar].map(([name, value]) => `${name}=${value}`).join('; ')}`;
}

async function signedIn(
  t: TestContext,
  env: Readonly<Record<string, string>> = {},
): Promise<{ world: World; cookie: string }> {
  const world = await startWorld(t, { env: { FULLMAKT_LOGIN_RULES: RULES, ...env } });
  const browser = world.browser();
  await world.signIn(browser, world.person());
  return { world, cookie: cookieOf(browser) };
}

test('T14 sixty spellings and more on an exempt, an optional and an enforced path: none arrives as ours', async (t) => {
  const { world, cookie } = await signedIn(t);
  assert.ok(SPELLINGS.length >= 60);
  for (const { line, expect } of SPELLINGS) {
    const said = JSON.stringify(line);
    for (const [start, extra] of [['GET /exempt/x'], ['POST /optional/x', 'Content-Length: 0'], ['GET /x', cookie]]) {
      const before = world.seen.length;
      const status = statusOf(await converse(world.port, requestWith(start ?? '', [line, ...(extra ? [extra] : [])])));
      assert.equal(status, expect === 'dropped' ? 200 : 400, `${start} ${said}`);
      const arrived = world.seen.slice(before);
      assert.equal(arrived.length, expect === 'dropped' ? 1 : 0, said);
      for (const request of arrived) {
        assertClean(request, said);
        assert.equal(request.headers.authorization !== undefined, extra === cookie, said);
      }
    }
  }
});

test('T14 the same on a preflight, beside a session and in unheard-of methods', async (t) => {
  const { world, cookie } = await signedIn(t);
  const preflight = 'Access-Control-Request-Method: PUT';
  const starts = [
    'OPTIONS /preflight/x',
    'HEAD /exempt/x',
    'PROPFIND /exempt/x',
    'DELETE /exempt/x',
    'M-SEARCH /exempt/x',
  ];
  for (const start of starts) {
    for (const session of [[], [cookie]]) {
      const before = world.seen.length;
      const heard = await converse(world.port, requestWith(start, [...DROPPED, preflight, ...session]));
      assert.equal(statusOf(heard), 200, start);
      assert.equal(world.seen.length, before + 1);
      assertClean(world.seen[before] ?? { rawHeaders: ['missing', 'forged'] }, start);
    }
  }
});

test('T14 the same on a WebSocket handshake, with a session and on an exempt path', async (t) => {
  const handshakes: IncomingMessage[] = [];
  const app = createServer().on('upgrade', (request: IncomingMessage, socket) => {
    handshakes.push(request);
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  });
  const { world, cookie } = await signedIn(t, { FULLMAKT_LOGIN_UPSTREAM: `http://127.0.0.1:${await listen(t, app)}` });
  for (const [path, extra] of [
    ['/ws', [cookie]],
    ['/exempt/ws', []],
  ] as const) {
    const head = ['GET', path, 'HTTP/1.1'].join(' ');
    const text = `${[head, `Host: ${HOST}`, ...DROPPED, ...HANDSHAKE, ...extra].join('\r\n')}\r\n\r\n`;
    assert.equal(statusOf(await converse(world.port, text)), 101, path);
    assertClean(handshakes.at(-1) ?? { rawHeaders: ['missing', 'forged'] }, path);
    assert.equal(handshakes.at(-1)?.headers.authorization !== undefined, path === '/ws');
  }
  assert.equal(handshakes.length, 2);
});

test('T14 forwarded headers are kept from a listed peer only, and an empty list is nobody', async (t) => {
  const chain = 'X-Forwarded-For: 203.0.113.9';
  const list = { FULLMAKT_LOGIN_TRUSTED_PROXIES: '127.0.0.1/32' };
  const cases = [
    [{}, '127.0.0.1'],
    [{ FULLMAKT_LOGIN_TRUSTED_PROXIES: '127.0.0.2,10.0.0.0/8' }, '127.0.0.1'],
    [list, '203.0.113.9, 127.0.0.1'],
  ] as const;
  for (const [env, expected] of cases) {
    const { world } = await signedIn(t, env);
    await converse(
      world.port,
      requestWith('GET /exempt/x', [chain, 'X-Forwarded-Proto: http', 'X_Forwarded_For: 192.0.2.1']),
    );
    const headers = world.seen.at(-1)?.headers ?? {};
    assert.equal(headers['x-forwarded-for'], expected);
    assert.equal(headers['x-forwarded-proto'], 'https', 'the ingress says which, whoever asks');
    assert.equal(headers['x_forwarded_for'], undefined);
    const spoofed = await converse(world.port, requestWith('GET /exempt/x', ['X-Forwarded-Host: evil.test']));
    assert.equal(
      statusOf(spoofed),
      env === list ? 421 : 200,
      'a host of a listed peer has to be an ingress, others have none',
    );
    assert.equal(world.seen.at(-1)?.headers['x-forwarded-host'], HOST);
  }
});

test('T15 duplicates of an owned header in any mixture of spellings are all dropped, and ours comes once', async (t) => {
  const { world, cookie } = await signedIn(t);
  const mixtures = [
    [...DROPPED, ...DROPPED.toReversed()],
    ['Authorization: Bearer forged', cookie, 'authorization: Bearer forged', 'AUTHORIZATION: forged'],
    ['X_Forwarded_For: forged', 'X-Forwarded-For: forged', 'X.Forwarded.For: forged', cookie],
    [cookie, ...DROPPED.map((line) => line.replace(':', ': ,'))],
  ];
  for (const lines of mixtures) {
    const withSession = lines.includes(cookie) ? lines : [...lines, cookie];
    assert.equal(statusOf(await converse(world.port, requestWith('GET /x', withSession))), 200);
    assertClean(world.seen.at(-1) ?? { rawHeaders: ['missing', 'forged'] }, lines.join(' | '));
    assert.ok(identityOf(world.seen.at(-1)?.headers.authorization), 'the session’s token is there');
  }
});

test('T15 a configured injection is owned in every spelling too: the ID token is ours or absent', async (t) => {
  const { world, cookie } = await signedIn(t, { FULLMAKT_LOGIN_UPSTREAM_ID_TOKEN: 'true' });
  const lines = DROPPED.filter((line) => /wonderwall/i.test(line));
  await converse(world.port, requestWith('GET /x', [...lines, cookie]));
  const { rawHeaders = [] } = world.seen.at(-1) ?? {};
  const names = rawHeaders.filter((_, index) => index % 2 === 0).filter((name) => /wonderwall/i.test(name));
  assert.deepEqual(names, ['X-Wonderwall-Id-Token']);
  assert.equal(String(world.seen.at(-1)?.headers['x-wonderwall-id-token']).split('.').length, 3);
  await converse(world.port, requestWith('GET /exempt/x', lines));
  assert.ok(!world.seen.at(-1)?.rawHeaders.some((text) => /wonderwall/i.test(text)));
});

test('T15 our own cookies never reach the app, however their header is spelt or split', async (t) => {
  const { world, cookie } = await signedIn(t);
  const own = cookie.slice('Cookie: '.length);
  for (const lines of [
    [`cookie: ${own}; theme=dark`],
    [`COOKIE: theme=dark;${own}`],
    [`Cookie: ${own}`, 'Cookie: theme=dark'],
    ['Cookie: theme=dark', `cookie:\t${own} ;;`],
  ]) {
    assert.equal(statusOf(await converse(world.port, requestWith('GET /x', lines))), 200, lines.join(' | '));
    assert.equal(world.seen.at(-1)?.headers.cookie, 'theme=dark', lines.join(' | '));
  }
});
