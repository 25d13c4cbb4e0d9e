import assert from 'node:assert/strict';
import { createServer, request as send } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { converse, statusOf } from './01-36-browser.ts';
import { identityOf } from './01-36-provider.ts';
import type { World } from './01-36-world.ts';
import { listen } from '../servers/listen.ts';
import { HOST, startWorld } from './01-36-world.ts';

/** A second proxy that does as RFC 9110 7.6.1 says: what `Connection` names goes no further. */
function obedient(port: number) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const options = (request.headers.connection ?? '').split(',');
    const named = new Set(options.map((option) => option.trim().toLowerCase()));
    const kept: string[] = [];
    for (let index = 0; index < request.rawHeaders.length; index += 2) {
      const [name = '', value = ''] = request.rawHeaders.slice(index, index + 2);
      if (!named.has(name.toLowerCase()) && name.toLowerCase() !== 'connection') kept.push(name, value);
    }
    const { method, url } = request;
    const onward = send({ host: '127.0.0.1', port, path: url, method, headers: kept, agent: false, setHost: false });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502);
      answer.pipe(response);
    });
    request.pipe(onward);
  };
}

async function startChain(t: TestContext): Promise<{ world: World; arrived: IncomingMessage[]; cookie: string }> {
  const arrived: IncomingMessage[] = [];
  const app = createServer((request, response) => {
    arrived.push(request);
    request.resume().once('end', () => response.end('app'));
  });
  const world = await startWorld(t, {
    app: obedient(await listen(t, app)),
    env: { FULLMAKT_LOGIN_UPSTREAM_ID_TOKEN: 'true', FULLMAKT_LOGIN_AUTO_LOGIN: 'false' },
  });
  const browser = world.browser();
  await world.signIn(browser, world.person());
  return { world, arrived, cookie: [...browser.jar].map(([name, value]) => `${name}=${value}`).join('; ') };
}

const OURS = [
  'authorization',
  'x-wonderwall-id-token',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'host',
];

const NOMINATIONS: readonly (readonly string[])[] = [
  ['Connection: Authorization'],
  ['Connection: authorization, close'],
  ['Connection: close, AUTHORIZATION,X-Forwarded-For'],
  ['Connection: X-Wonderwall-Id-Token, X-Forwarded-Host, X-Forwarded-Proto'],
  ['Connection: close', 'Connection: Authorization', 'connection: X-Forwarded-For'],
  ['Connection: ,,Authorization,,', 'Connection: \tX-Forwarded-Proto '],
  ['Connection: Host, Cookie'],
  ['Connection: keep-alive, Authorization', 'Keep-Alive: timeout=5', 'Proxy-Connection: X-Forwarded-For'],
  // Sending the very headers that are named, with the very values that we would set, must not help either.
  [
    'Connection: X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host',
    'X-Forwarded-For: 127.0.0.1',
    `X-Forwarded-Host: ${HOST}`,
    'X-Forwarded-Proto: https',
  ],
  ['Connection: Authorization, X-Wonderwall-Id-Token', 'Authorization: Bearer x', 'X-Wonderwall-Id-Token: x'],
  ['Connection: TE, Transfer-Encoding, Content-Length', 'TE: trailers'],
];

test('T16 nothing of ours is lost behind a second proxy that obeys Connection, whatever the client names', async (t) => {
  const { world, arrived, cookie } = await startChain(t);
  for (const lines of NOMINATIONS) {
    const said = lines.join(' | ');
    const text = ['GET /x HTTP/1.1', `Host: ${HOST}`, `Cookie: ${cookie}; theme=dark`, ...lines, '', ''].join('\r\n');
    assert.equal(statusOf(await converse(world.port, text, /0\r\n\r\n$/)), 200, said);
    const { headers = {} } = arrived.at(-1) ?? {};
    for (const name of OURS) assert.ok(headers[name], `${name} is missing after ${said}`);
    assert.ok(identityOf(headers.authorization), said);
    assert.equal(headers.host, HOST);
  }
  assert.equal(arrived.length, NOMINATIONS.length);
});

test('T16 the Connection that goes upstream is our own, and names nothing that the client named', async (t) => {
  const { world, arrived, cookie } = await startChain(t);
  const lines = ['Connection: Authorization, X-Secret, close', 'X-Secret: mine', 'X-Kept: mine', `Cookie: ${cookie}`];
  await converse(world.port, ['GET /x HTTP/1.1', `Host: ${HOST}`, ...lines, '', ''].join('\r\n'));
  assert.match(world.seen.at(-1)?.headers.connection ?? 'keep-alive', /^(?:keep-alive|close)$/);
  assert.equal(arrived.at(-1)?.headers['x-secret'], undefined, 'what the client sent and named is dropped');
  assert.equal(arrived.at(-1)?.headers['x-kept'], 'mine');
});
