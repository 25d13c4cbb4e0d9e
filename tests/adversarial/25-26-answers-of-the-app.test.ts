import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Browser } from './01-36-browser.ts';
import { converse, statusOf } from './01-36-browser.ts';
import type { World } from './01-36-world.ts';
import { HOST, SESSION, startWorld } from './01-36-world.ts';

interface Hostile {
  readonly world: World;
  readonly browser: Browser;
  /** What the app answers next, byte for byte. */
  readonly answers: (text: string) => void;
}

/** An app that answers bytes as it is told and then closes the connection, before a signed-in browser. */
async function startHostile(t: TestContext): Promise<Hostile> {
  let answer = '';
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () => socket.end(Buffer.from(answer, 'latin1')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const world = await startWorld(t, { env: { FULLMAKT_LOGIN_UPSTREAM: `http://127.0.0.1:${port}` } });
  const browser = world.browser();
  await world.signIn(browser, world.person());
  return { world, browser, answers: (text) => void (answer = text) };
}

function ok(...lines: readonly string[]): string {
  return `${['HTTP/1.1 200 OK', ...lines, 'Content-Length: 2', 'Connection: close'].join('\r\n')}\r\n\r\nok`;
}

const BROKEN: Readonly<Record<string, string>> = {
  'a bare CR in a value': ok('X: a\rSet-Cookie: a=b'),
  'a bare LF in a value': ok('X: a\nSet-Cookie: __Host-fullmakt.session=planted'),
  'NUL in a value': ok('X: a\0b'),
  'a control byte in a value': ok('X: a\x01b'),
  'DEL in a value': ok('X: a\x7fb'),
  'a blank in a name': ok('X Y: a'),
  'a blank before the colon': ok('X : a'),
  'an empty name': ok(': a'),
  'a line without a colon': ok('nonsense'),
  'a folded line': ok('X: a', ' Set-Cookie: __Host-fullmakt.session=planted'),
  'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok',
  'a length and a coding':
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
  'a status of four digits': 'HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok',
  'another protocol': 'SSH-2.0-OpenSSH_9.2\r\n',
  'a request': `GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`,
  nothing: '',
  'half a head': 'HTTP/1.1 200 OK\r\nX: ',
  'headers of 128 KiB': ok(`X: ${'x'.repeat(128 * 1024)}`),
};

test('T25 illegal bytes and broken framing of the app are 502, or dropped: no header is split and no cookie planted', async (t) => {
  const { world, browser, answers } = await startHostile(t);
  const cookie = `Cookie: ${SESSION}=${browser.jar.get(SESSION)}`;
  for (const [what, text] of Object.entries(BROKEN)) {
    answers(text);
    const heard = await converse(
      world.port,
      `GET /x HTTP/1.1\r\nHost: ${HOST}\r\n${cookie}\r\nConnection: close\r\n\r\n`,
    );
    assert.equal(statusOf(heard), 502, `${what}: ${heard.slice(0, 300)}`);
    assert.doesNotMatch(heard, /planted|set-cookie/i, what);
    assert.match(heard, /\r\n\r\n$/, `${what}: no body`);
  }
  answers(ok('X: fine'));
  assert.equal((await browser.visit('/x')).status, 200, 'and the proxy lives on');
});

const PLANTS: readonly string[] = [
  `Set-Cookie: ${SESSION}=planted; Path=/; Secure`,
  `set-cookie: ${SESSION}=planted`,
  `SET-COOKIE:${SESSION}=planted; Max-Age=0`,
  `Set-Cookie: \t${SESSION} =planted`,
  `Set-Cookie: ${SESSION}`,
  `Set-Cookie: =${SESSION}=planted`,
  `Set-Cookie: ==${SESSION}=planted`,
  `Set-Cookie: = ${SESSION}=planted`,
  'Set-Cookie: fullmakt.session=planted',
  'Set-Cookie: __Secure-fullmakt.session.abcdef=planted; Path=/app',
  'Set-Cookie: __host-fullmakt.session=planted',
  'Set-Cookie: __Host-fullmakt.login.AAAAAAAA=planted',
  'Set-Cookie: __Host-fullmakt.logout=planted',
  'Set-Cookie: __Host-fullmakt.counter=planted',
];

test('T25 cookies under our names are dropped in every spelling, also without a name; those of the app stay', async (t) => {
  const { browser, answers } = await startHostile(t);
  for (const plant of PLANTS) {
    answers(
      ok('Set-Cookie: theme=dark; Path=/', plant, 'Set-Cookie: fullmakt=theirs', 'Set-Cookie: other.session=theirs'),
    );
    const { status, setCookies } = await browser.ask('/x');
    assert.equal(status, 200, plant);
    assert.deepEqual(setCookies, ['theme=dark; Path=/', 'fullmakt=theirs', 'other.session=theirs'], plant);
  }
  answers(ok(...PLANTS));
  assert.deepEqual((await browser.ask('/x')).setCookies, []);
});

test('T25 interim answers of the app reach nobody, and headers of its connection stay with it', async (t) => {
  const { browser, answers } = await startHostile(t);
  const early = `HTTP/1.1 103 Early Hints\r\nSet-Cookie: ${SESSION}=planted\r\nLink: </x>\r\n\r\n`;
  answers(
    early +
      early +
      ok('Keep-Alive: timeout=1', 'Connection: X-Hop', 'X-Hop: y', 'Proxy-Authenticate: Basic', 'X-Kept: z'),
  );
  const { status, headers, setCookies } = await browser.ask('/x');
  assert.equal(status, 200);
  assert.deepEqual(setCookies, []);
  assert.deepEqual([headers['x-hop'], headers['proxy-authenticate'], headers['x-kept']], [undefined, undefined, 'z']);
});

/** Paths that a cache in front might take for public files. */
const SUFFIXES = [
  '/account',
  '/account/a.css',
  '/account/a.js?v=1',
  '/account.png',
  '/account/.jpg',
  '/account%0a.css',
  '/account;.css',
  '/account/%2e.css',
  '/a/b/c/robots.txt',
  '/account/favicon.ico',
];

async function cacheOf(browser: Browser, path: string): Promise<string> {
  const { status, headers } = await browser.ask(path);
  return status === 200 ? (headers['cache-control'] ?? '') : 'refused';
}

test('T26 an answer to a session is private whatever its path ends in, unless the app says something itself', async (t) => {
  const { browser, answers } = await startHostile(t);
  for (const path of SUFFIXES) {
    answers(ok('Content-Type: text/css', 'ETag: "1"', 'Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT'));
    assert.ok(['private', 'refused'].includes(await cacheOf(browser, path)), path);
  }
  answers(ok('Expires: Thu, 01 Jan 2099 00:00:00 GMT', 'Pragma: x', 'Age: 0'));
  assert.equal(await cacheOf(browser, '/account/a.css'), 'private');
  for (const said of ['public, max-age=60', 'no-cache', 'private, max-age=5']) {
    answers(ok(`cache-control: ${said}`));
    assert.equal(await cacheOf(browser, '/account/a.css'), said);
  }
  answers(ok('Cache-Control:'));
  assert.match(await cacheOf(browser, '/account/a.css'), /private/, 'an empty header says nothing');
});

test('T26 the same for errors, redirects and public paths that a session was sent to', async (t) => {
  const { browser, answers } = await startHostile(t);
  for (const status of ['404 Not Found', '500 Oops', '301 Moved']) {
    answers(ok('Location: /y').replace('200 OK', status));
    assert.equal((await browser.ask('/account/a.css')).headers['cache-control'], 'private', status);
  }
  answers(ok());
  assert.equal((await browser.ask('/favicon.ico')).headers['cache-control'], 'private');
});
