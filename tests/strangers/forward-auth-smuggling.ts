import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { connect } from 'node:tls';
import type { OuterProxy } from './forward-auth-cases.ts';
import { createSecureBrowser, HOST } from './forward-auth-browser.ts';
import { startGuarded } from './forward-auth-world.ts';

const CLAIM = 'claimed';
/** What applications and their frameworks read about a request, and clients therefore write. */
const CLAIMED: readonly string[] = [
  'X-Wonderwall-Forward-Auth-Token',
  'X-Wonderwall-Id-Token',
  'X-Fullmakt-CSRF',
  'X-Original-URL',
  'X-Original-URI',
  'X-Original-Method',
  'X-Rewrite-URL',
  'X-Real-IP',
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Forwarded-Method',
  'X-Forwarded-Port',
  'X-Forwarded-Prefix',
  'X-Forwarded-Proto',
  'X-Forwarded-Server',
  'X-Forwarded-Uri',
  'Forwarded',
];
const HANDSHAKE = 'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const SECONDS = 20;

function ask(path: string, upgrade: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\n${upgrade}${HANDSHAKE}\r\n`;
}

/** Sends bytes over TLS, more of them after the first answer; answers all that came before the end, or before `enough`. */
function exchange(port: number, first: string, then: string, enough: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const socket = connect({ port, host: '127.0.0.1', servername: HOST, rejectUnauthorized: false }, () => {
      socket.write(first);
    });
    socket.setTimeout(SECONDS * 1000, () => socket.destroy(new Error(`silence after ${said}`)));
    socket.on('data', (chunk) => {
      const before = said;
      said += chunk.toString('latin1');
      if (!before.includes('\r\n\r\n') && said.includes('\r\n\r\n')) socket.write(then);
      if (enough.test(said)) socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // Whoever answers and closes resets a connection on which more comes.
      const isEnd = said.includes('\r\n\r\n') && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      if (!isEnd) reject(error);
    });
    socket.on('close', () => resolve(said));
  });
}

async function showsClaims(t: TestContext, outer: OuterProxy): Promise<void> {
  const guarded = await startGuarded(t);
  const browser = createSecureBrowser(await outer.start(t, guarded));
  const spellings = [(name: string): string => name, (name: string): string => name.replaceAll('-', '_')];
  for (const spell of spellings) {
    const headers = Object.fromEntries(CLAIMED.map((name) => [spell(name), CLAIM]));
    assert.equal((await browser.visit('/public/x', { headers })).status, 200);
    const raw = guarded.seen.at(-1)?.rawHeaders ?? [];
    const arrived = raw.filter((_, index) => index % 2 === 0 && raw[index + 1]?.includes(CLAIM) === true);
    assert.deepEqual(arrived, []);
  }
}

async function showsConnection(t: TestContext, outer: OuterProxy): Promise<void> {
  const guarded = await startGuarded(t);
  const browser = createSecureBrowser(await outer.start(t, guarded));
  const named = 'Cookie, Authorization, X-Forwarded-For, X-Forwarded-Proto, X-Wonderwall-Forward-Auth-Token, close';
  const headers = { connection: named, cookie: 'a=b' };
  assert.equal((await browser.visit('/public/x', { headers })).status, 200);
  const seen = guarded.seen.at(-1)?.headers;
  assert.equal(seen?.cookie, 'a=b');
  assert.equal(seen['x-forwarded-proto'], 'https');
  assert.doesNotMatch(seen.connection ?? '', /cookie|auth|forwarded/i);
  assert.equal((await browser.visit('/secret', { headers })).status, 302);
}

async function showsTunnels(t: TestContext, outer: OuterProxy): Promise<void> {
  const guarded = await startGuarded(t);
  const port = await outer.start(t, guarded);
  const hidden = `GET /secret HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;
  const websocket = await exchange(port, ask('/public/x', 'Upgrade: WebSocket\r\n'), 'a frame', /a frame/);
  assert.match(websocket, /^HTTP\/1\.1 101 /);
  assert.equal(guarded.seen.length, 1);
  const guardedOne = await exchange(port, ask('/secret', 'Upgrade: websocket\r\n'), '', /^HTTP\/1\.1 \d+/);
  assert.match(guardedOne, /^HTTP\/1\.1 401 /);
  assert.equal(guarded.seen.length, 1);
  for (const upgrade of ['h2c', 'tcp', 'websocket, h2c', 'h2c, websocket'].map((each) => `Upgrade: ${each}\r\n`)) {
    const answer = await exchange(port, ask('/public/x', upgrade), hidden, /\r\n\r\n[^]*(?:HTTP\/1\.1|GET \/secret)/);
    assert.doesNotMatch(answer, /^HTTP\/1\.1 101 /, upgrade);
  }
  for (const two of ['Upgrade: websocket\r\nUpgrade: h2c\r\n', 'Upgrade: h2c\r\nUpgrade: websocket\r\n']) {
    await exchange(port, ask('/public/x', two), hidden, /\r\n\r\n[^]*(?:HTTP\/1\.1|GET \/secret)/);
    assert.doesNotMatch(guarded.seen.at(-1)?.headers.upgrade ?? '', /h2c/, two);
  }
}

/** What a client smuggles past one outer proxy with its example file. */
export function judgeSmuggling(outer: OuterProxy): void {
  const { name, skip } = outer;
  test(`T22 ${name}: nothing that a client claims about its request reaches the application`, { skip }, (t) =>
    showsClaims(t, outer),
  );
  test(`T14 ${name}: Connection of a client takes nothing away from the request`, { skip }, (t) =>
    showsConnection(t, outer),
  );
  test(`T20 ${name}: WebSocket is tunnelled, and nothing else: no second request hides in a tunnel`, { skip }, (t) =>
    showsTunnels(t, outer),
  );
}
