import assert from 'node:assert/strict';
import { test } from 'node:test';
import { converse, statusOf } from './01-36-browser.ts';
import { HOST, startWorld } from './01-36-world.ts';

const OPEN = { FULLMAKT_LOGIN_AUTO_LOGIN: 'false' };

/** Head of a request, the status it must get, and why. */
const CASES: readonly (readonly [head: string, status: number, why: string])[] = [
  [`GET http://${HOST}/x HTTP/1.1\r\nHost: ${HOST}`, 400, 'absolute form'],
  [`GET https://${HOST}/x HTTP/1.1\r\nHost: ${HOST}`, 400, 'absolute form, https'],
  [`GET http://evil.test/x HTTP/1.1\r\nHost: ${HOST}`, 400, 'absolute form of another host'],
  [`GET HTTP://${HOST}/oauth2/login HTTP/1.1\r\nHost: ${HOST}`, 400, 'absolute form to a route of ours'],
  [`OPTIONS * HTTP/1.1\r\nHost: ${HOST}`, 400, 'asterisk form'],
  [`GET x HTTP/1.1\r\nHost: ${HOST}`, 400, 'a target without a slash'],
  [`GET ?x HTTP/1.1\r\nHost: ${HOST}`, 400, 'a query alone'],
  [`CONNECT ${HOST}:443 HTTP/1.1\r\nHost: ${HOST}`, 405, 'CONNECT'],
  ['CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22', 405, 'CONNECT elsewhere'],
  [`TRACE /x HTTP/1.1\r\nHost: ${HOST}`, 405, 'TRACE'],
  ['GET /x HTTP/1.1', 400, 'no Host'],
  ['GET /x HTTP/1.0', 400, 'no Host in HTTP/1.0'],
  ['GET /x HTTP/1.1\r\nHost:', 400, 'an empty Host'],
  [`GET /x HTTP/1.1\r\nHost: ${HOST}\r\nHost: ${HOST}`, 400, 'two equal Hosts'],
  [`GET /x HTTP/1.1\r\nHost: ${HOST}\r\nHost: evil.test`, 400, 'two Hosts'],
  [`GET /x HTTP/1.1\r\nHost: evil.test\r\nhost: ${HOST}`, 400, 'two Hosts, the other first'],
  [`GET /x HTTP/1.1\r\nHost: ${HOST}, evil.test`, 400, 'a list of Hosts'],
  [`GET /x HTTP/1.1\r\nHost : ${HOST}`, 400, 'a blank before the colon'],
  [`GET /x HTTP/1.1\r\nHost: ${HOST}\r\n Host: evil.test`, 400, 'a folded Host'],
  [`GET /x HTTP/1.1\r\nHost: ${HOST}/@evil.test`, 400, 'a path in Host'],
  [`GET /x HTTP/1.1\r\nHost: user@${HOST}`, 400, 'user information in Host'],
  [`GET /x HTTP/1.1\r\nHost: ${HOST}\0`, 400, 'NUL in Host'],
  ['GET /x HTTP/1.1\r\nHost: evil.test', 421, 'another host'],
  ['GET /oauth2/login HTTP/1.1\r\nHost: evil.test', 421, 'another host, a route of ours'],
  ['GET /oauth2/ping HTTP/1.1\r\nHost: evil.test', 421, 'another host, ping'],
  [`GET /x HTTP/1.1\r\nHost: ${HOST}.evil.test`, 421, 'our host as a prefix'],
  [`GET /x HTTP/1.1\r\nHost: evil-${HOST}`, 421, 'our host as a suffix'],
  [`GET /x HTTP/1.1\r\nHost: sub.${HOST}`, 421, 'a host below ours'],
  [`GET /x HTTP/1.1\r\nHost: ${HOST}.`, 421, 'a trailing dot'],
  [`GET /x HTTP/1.1\r\nHost: ${HOST}:8443`, 421, 'another port'],
  [`GET /x HTTP/1.1\r\nHost: ${HOST}:`, 421, 'an empty port'],
  ['GET /x HTTP/1.1\r\nHost: 127.0.0.1', 421, 'our address'],
  ['GET /x HTTP/1.1\r\nHost: localhost', 421, 'localhost'],
  [`GET /x HTTP/1.1\r\nHost: evil.test\r\nX-Forwarded-Host: ${HOST}`, 421, 'our host forwarded by a stranger'],
  [`GET /../x HTTP/1.1\r\nHost: evil.test`, 421, 'another host and a refused path'],
  [`GET /x HTTP/2.0\r\nHost: ${HOST}`, 505, 'HTTP/2 in the text of HTTP/1'],
  [`GET /${'a'.repeat(8192)} HTTP/1.1\r\nHost: ${HOST}`, 414, 'a target over 8 KiB'],
];

test('T21 absolute and odd targets, CONNECT, and a Host that is missing, double or not ours are refused; the app hears nothing', async (t) => {
  const world = await startWorld(t, { env: OPEN });
  for (const [head, status, why] of CASES) {
    const heard = await converse(world.port, `${head}\r\nConnection: close\r\n\r\n`);
    // A version that does not exist is refused by the parser before anybody can be polite about it.
    assert.ok(
      statusOf(heard) === status || (status === 505 && statusOf(heard) === 400),
      `${why}: ${heard.slice(0, 200)}`,
    );
    assert.equal(world.seen.length, 0, why);
    assert.ok(!/^(?:set-cookie|location):/im.test(heard), `${why}: nobody is sent anywhere`);
  }
});

test('T21 the configured host in any case is served, and what the app and the provider hear is the ingress', async (t) => {
  const world = await startWorld(t);
  const open = await startWorld(t, { env: OPEN, provider: world.provider });
  assert.equal(
    statusOf(await converse(open.port, `GET /x HTTP/1.1\r\nHost: ${HOST.toUpperCase()}\r\nConnection: close\r\n\r\n`)),
    200,
  );
  assert.equal(open.seen[0]?.headers['x-forwarded-host'], HOST);
  const spoofed = {
    'x-forwarded-host': 'evil.test',
    'x-forwarded-proto': 'http',
    forwarded: 'host=evil.test',
    'x-original-url': '/evil',
  };
  const start = await world.browser().visit('/oauth2/login', { headers: spoofed });
  const callback = await fetch(start.location ?? '', {
    redirect: 'manual',
    headers: { cookie: `who=${world.person().sub}` },
  });
  assert.ok(callback.headers.get('location')?.startsWith(`https://${HOST}/oauth2/callback?`));
});
