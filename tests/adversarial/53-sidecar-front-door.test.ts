import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { makeKeys, startProvider, startSidecar, testEnv } from '../../src/sidecar/testing/sidecar.ts';
import type { FakeProvider, TestSidecar } from '../../src/sidecar/testing/sidecar.ts';
import { SidecarMisconfigured } from '../../src/sidecar/application.ts';
import { serve } from '../../src/web/serve.ts';
import { launchChromium, noChromium } from '../chromium.ts';
import { loopbackSocket } from '../loopback.ts';
import { wholeFile } from './whole-file.ts';

const context = wholeFile();
let provider: FakeProvider;
let sidecar: TestSidecar;
let chromium: Browser | undefined;

before(async () => {
  const keys = await makeKeys();
  provider = await startProvider(context, keys);
  sidecar = await startSidecar(context, testEnv(provider.origin, keys));
  if (noChromium === false) chromium = await launchChromium();
  context.after(() => chromium?.close());
});

const FORM = 'identity_provider=maskinporten&target=demo:feed';

/** One request with exactly these header lines; the status, and the whole answer. */
async function raw(
  lines: readonly string[],
  method = 'POST',
  target = '/api/v1/token',
): Promise<{ status: number; text: string }> {
  const { port } = new URL(sidecar.origin);
  const socket = await loopbackSocket({ host: '127.0.0.1', port: Number(port) });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise((resolve) => {
    socket.once('close', resolve);
    socket.once('end', resolve);
  });
  const type = 'Content-Type: application/x-www-form-urlencoded';
  socket.write(
    [
      `${method} ${target} HTTP/1.1`,
      ...lines,
      type,
      `Content-Length: ${FORM.length}`,
      'Connection: close',
      '',
      FORM,
    ].join('\r\n'),
  );
  await ended;
  socket.destroy();
  const text = Buffer.concat(chunks).toString();
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text };
}

test('T53 a request from this machine by its own name is served, and nothing is offered to other origins', async () => {
  for (const host of ['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]', '127.0.0.1:3000']) {
    const { status, text } = await raw([`Host: ${host}`]);
    assert.equal(status, 200, host);
    assert.doesNotMatch(text, /access-control/i);
  }
});

const FOREIGN_HOSTS = [
  'Host: evil.example.test',
  'Host: 127.0.0.1.evil.example.test',
  'Host: localhost.evil.example.test',
  'Host: evil.localhost',
  'Host: localhost.',
  'Host: 127.1',
  'Host: 0x7f000001',
  'Host: 2130706433',
  'Host: 127.0.0.2',
  'Host: 0.0.0.0',
  'Host: [::]',
  'Host: [::ffff:127.0.0.1]',
  'Host: localhost@evil.example.test',
  'Host: evil.example.test#localhost',
  'Host: localhost:80:evil',
  'Host: localhost evil',
  'Host:',
] as const;

for (const host of FOREIGN_HOSTS) {
  test(`T53 a name that was rebound to this machine is refused: "${host}"`, async () => {
    const upstream = provider.forms.length;
    const { status } = await raw([host]);
    assert.ok([400, 403].includes(status), `${status}`);
    assert.equal(provider.forms.length, upstream);
  });
}

test('T53 two Host headers, none, and a foreign absolute target are refused', async () => {
  for (const lines of [['Host: localhost', 'Host: evil.example.test'], ['Host: localhost', 'Host: localhost'], []]) {
    assert.ok([400, 403].includes((await raw(lines)).status), lines.join());
  }
  const { status } = await raw(['Host: evil.example.test'], 'POST', 'http://localhost/api/v1/token');
  assert.ok([400, 403, 404].includes(status), `${status}`);
});

test('T53 what only a browser sends refuses the request, wherever the page says it comes from', async () => {
  for (const line of [
    'Origin: https://evil.example.test',
    'Origin: null',
    'Origin: http://127.0.0.1',
    'Origin:',
    'origin: http://localhost',
    'Sec-Fetch-Site: cross-site',
    'Sec-Fetch-Site: same-origin',
    'Sec-Fetch-Site: none',
    'Sec-Fetch-Site:',
  ]) {
    assert.equal((await raw(['Host: localhost', line])).status, 403, line);
  }
});

test('T53 a preflight gets no permission', async () => {
  for (const line of ['Origin: https://evil.example.test', 'Access-Control-Request-Private-Network: true']) {
    const { status, text } = await raw(['Host: localhost', line, 'Access-Control-Request-Method: POST'], 'OPTIONS');
    assert.ok([403, 405].includes(status), `${status}`);
    assert.doesNotMatch(text, /access-control-allow/i);
  }
});

test('T53 an address that others can reach is no place to listen, unless somebody says so', async (t) => {
  const keys = await makeKeys();
  for (const bind of ['0.0.0.0:0', '[::]:0', '10.0.0.1:0', 'example.test:0']) {
    await assert.rejects(
      startSidecar(t, { ...testEnv(provider.origin, keys), BIND_ADDRESS: bind }),
      SidecarMisconfigured,
      bind,
    );
  }
});

/** Everything a page can try: what came back to its script, by the way it tried. */
const ATTACKS = `async (base) => {
  const form = 'identity_provider=maskinporten&target=demo:feed';
  const url = base + '/api/v1/token';
  const said = {};
  const attempt = async (name, work) => {
    try { said[name] = await work(); } catch (error) { said[name] = 'error ' + error.name; }
  };
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  const text = async (answer) => answer.type + ' ' + answer.status + ' ' + (await answer.text());
  await attempt('form', async () => text(await fetch(url, { method: 'POST', headers: type, body: form })));
  await attempt('no-cors', async () => text(await fetch(url, { method: 'POST', mode: 'no-cors', headers: type, body: form })));
  await attempt('json', async () => text(await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })));
  await attempt('no-referrer', async () => text(await fetch(url, { method: 'POST', mode: 'no-cors', referrerPolicy: 'no-referrer', headers: type, body: form })));
  await attempt('credentials', async () => text(await fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include', headers: type, body: form })));
  await attempt('get', async () => text(await fetch(url)));
  await attempt('beacon', async () => String(navigator.sendBeacon(url, new URLSearchParams(form))));
  await attempt('xhr', () => new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open('POST', url);
    request.setRequestHeader('content-type', type['content-type']);
    request.onloadend = () => resolve(request.status + ' ' + request.responseText);
    request.send(form);
  }));
  await attempt('image', () => new Promise((resolve) => {
    const image = new Image();
    image.onload = () => resolve('loaded');
    image.onerror = () => resolve('error');
    image.src = url + '?' + form;
  }));
  await attempt('websocket', () => new Promise((resolve) => {
    const socket = new WebSocket(url.replace('http', 'ws'));
    socket.onopen = () => resolve('open');
    socket.onerror = () => resolve('error');
  }));
  await attempt('frame', () => new Promise((resolve) => {
    const frame = document.createElement('iframe');
    frame.name = 'sandboxed';
    frame.sandbox = 'allow-forms allow-scripts';
    document.body.append(frame);
    const poster = document.createElement('form');
    poster.method = 'POST';
    poster.action = url;
    poster.target = 'sandboxed';
    for (const [name, value] of new URLSearchParams(form)) {
      const input = document.createElement('input');
      input.name = name;
      input.value = value;
      poster.append(input);
    }
    document.body.append(poster);
    frame.onload = () => resolve('loaded');
    poster.submit();
  }));
  return said;
}`;

for (const [what, name] of [
  ['of another name', 'page.localhost'],
  ['of this machine', '127.0.0.1'],
] as const) {
  test(`T53 L13 localhost: a page ${what} in Chromium gets nothing from the sidecar, and nothing is asked for it`, {
    skip: noChromium,
  }, async (t) => {
    const pages = await serve({
      name: 'page',
      setting: '-',
      host: '127.0.0.1',
      port: 0,
      handle: () => ({
        status: 200,
        headers: { 'Content-Type': 'text/html' },
        body: '<!doctype html><title>page</title>',
      }),
    });
    t.after(() => pages.close(0));
    const page = await chromium?.newPage();
    assert.ok(page !== undefined);
    const upstream = provider.forms.length;
    const told = sidecar.events.length;
    await page.goto(`http://${name}:${new URL(pages.origin).port}/`);
    const said = (await page.evaluate(`(${ATTACKS})(${JSON.stringify(sidecar.origin)})`)) as Record<string, string>;
    await page.close();
    assert.equal(Object.keys(said).length, 11);
    assert.doesNotMatch(JSON.stringify(said), /token-|access_token|open/, JSON.stringify(said));
    assert.equal(provider.forms.length, upstream, 'the sidecar asked its provider for a page');
    const answered = sidecar.events.slice(told).filter((event) => event.event === 'sidecar.request');
    assert.ok(answered.length >= 5, `${answered.length} requests reached the sidecar: the test does not test much`);
    assert.deepEqual(new Set(answered.map((event) => Math.floor(event.status / 100))), new Set([4]));
  });
}

test('T53 a page whose own name was rebound to the sidecar is refused in Chromium', { skip: noChromium }, async () => {
  const page = await chromium?.newPage();
  assert.ok(page !== undefined);
  const upstream = provider.forms.length;
  const rebound = sidecar.origin.replace('127.0.0.1', 'rebound.localhost');
  // No page can be had from there at all, so its script never runs; the address line is all that is left.
  const answer = await page.goto(`${rebound}/api/v1/token`);
  assert.equal(answer?.status(), 403);
  const said = await page.evaluate(
    `fetch('/api/v1/token', { method: 'POST', body: new URLSearchParams('${FORM}') }).then((answer) => answer.status)`,
  );
  assert.equal(said, 403);
  await page.close();
  assert.equal(provider.forms.length, upstream);
});
