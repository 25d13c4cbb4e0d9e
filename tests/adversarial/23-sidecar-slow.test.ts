import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { silent } from '../../src/observe/events.ts';
import { readSettings } from '../../src/settings.ts';
import { createSidecar } from '../../src/sidecar/app.ts';
import { sidecarSettings } from '../../src/sidecar/config.ts';
import { makeKeys, startProvider, testEnv } from '../../src/sidecar/testing/sidecar.ts';
import { json } from '../../src/web/http.ts';
import type { Limits } from '../../src/web/limits.ts';
import { serve } from '../../src/web/serve.ts';
import type { ListenerSpec } from '../../src/web/serve.ts';
import { loopbackSocket } from '../loopback.ts';
import { isFull } from './scale.ts';
import { MACHINE, postTo, startSidecarAlone } from './sidecar-alone.ts';
import { assertInTime } from '../in-time.ts';

/* Clients of the sidecar that dawdle: with its own seconds in a process of its own, and with short ones here. */

const IDLE = isFull ? 9900 : 500;
const SLOW = 40;
/** Of a second: what is never cut, or after the ten seconds that hold without a setting, is far later still. */
const LATEST_MS = 1500;
const SHORT = { headerSeconds: 1, bodyIdleSeconds: 1, keepAliveSeconds: 1, writeIdleSeconds: 1 };
const START = 'POST /api/v1/token HTTP/1.1\r\nHost: localhost\r\n';
const JSON_LINE = 'Content-Type: application/json\r\n';
const SLOW_STARTS: Readonly<Record<string, string>> = {
  'nothing at all': '',
  'headers that never end': `${START}X-Slow: `,
  'a body that stops': `${START}${JSON_LINE}Content-Length: 60000\r\n\r\n{"identity_provider":`,
  'a body in chunks that stops': `${START}${JSON_LINE}Transfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n`,
  'a body of a foreign page that stops': `${START}Origin: https://x.example\r\n${JSON_LINE}Content-Length: 600\r\n\r\n{`,
};
const keys = await makeKeys();

/** A sidecar in this process whose listeners have such limits. */
async function open(t: TestContext, limits: Partial<Limits>, token = 'token', onGone?: () => void): Promise<string> {
  const provider = await startProvider(t, keys);
  provider.answer = () => json(200, { access_token: token, token_type: 'Bearer', expires_in: 3600 });
  const read = readSettings(sidecarSettings, testEnv(provider.origin, keys));
  assert.ok(read.ok);
  const program = await createSidecar(read.settings, { fetch, now: () => Date.now() / 1000, emit: silent });
  const watched = (spec: ListenerSpec): ListenerSpec => ({
    ...spec,
    limits,
    handle: (request) => {
      if (onGone !== undefined) request.gone().addEventListener('abort', onGone);
      return spec.handle(request);
    },
  });
  const listeners = await Promise.all(program.listeners.map((spec) => serve(watched(spec))));
  t.after(async () => {
    await Promise.all(listeners.map((each) => each.close(0)));
    await program.close();
  });
  return listeners[0]?.origin ?? '';
}

async function dial(t: TestContext, origin: string): Promise<Socket> {
  const socket = await loopbackSocket({ host: '127.0.0.1', port: Number(new URL(origin).port) });
  socket.on('error', () => undefined);
  t.after(() => socket.destroy());
  return socket;
}

const dialAll = (t: TestContext, origin: string, count: number): Promise<readonly Socket[]> =>
  Promise.all(Array.from({ length: count }, () => dial(t, origin)));

interface Ends {
  readonly told: readonly string[];
  /** When the last of them was closed. */
  readonly afterMs: number;
}

async function ends(sockets: readonly Socket[]): Promise<Ends> {
  const since = performance.now();
  const told = await Promise.all(
    sockets.map(async (socket) => {
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
      socket.once('end', () => socket.end()).resume();
      if (!socket.closed) await once(socket, 'close');
      return text;
    }),
  );
  return { told, afterMs: performance.now() - since };
}

/** Asks for tokens until something is over; each comes, and none comes late. */
async function serveUntil(origin: string, over: Promise<unknown>): Promise<number> {
  const state: { over: boolean } = { over: false };
  void over.finally(() => (state.over = true));
  let slowest = 0;
  let served = 0;
  while (!state.over || served === 0) {
    const from = performance.now();
    const { status, body } = await postTo(origin, '/api/v1/token', MACHINE);
    slowest = Math.max(slowest, performance.now() - from);
    assert.equal(status, 200, body);
    served += 1;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assertInTime(slowest, 2000);
  return served;
}

for (const [what, bytes] of Object.entries(SLOW_STARTS)) {
  test(`T23 the sidecar: ${what}, ${SLOW} at once: cut in time, and everybody else is served meanwhile`, async (t) => {
    const origin = await open(t, SHORT);
    const sockets = await dialAll(t, origin, SLOW);
    if (bytes !== '') for (const socket of sockets) socket.write(bytes);
    const over = ends(sockets);
    await serveUntil(origin, over);
    const { told, afterMs } = await over;
    assertInTime(afterMs, LATEST_MS);
    for (const text of told) assert.match(text, /^(?:$|HTTP\/1\.1 4\d\d )/);
  });
}

test('T23 the sidecar: headers that drip one byte at a time have no longer than those that stop', async (t) => {
  const origin = await open(t, SHORT);
  const sockets = await dialAll(t, origin, SLOW);
  for (const socket of sockets) socket.write(`${START}X-Slow: `);
  const drip = setInterval(() => sockets.forEach((socket) => socket.writable && socket.write('x')), 50);
  t.after(() => clearInterval(drip));
  const over = ends(sockets);
  await serveUntil(origin, over);
  assertInTime((await over).afterMs, LATEST_MS);
});

test('T23 the sidecar: a client that does not read its tokens is cut, however many it asked for at once', async (t) => {
  const asked = 30;
  const token = 'x'.repeat(900_000);
  const gone = Promise.withResolvers<void>();
  const origin = await open(t, SHORT, token, () => gone.resolve());
  assert.equal((await postTo(origin, '/api/v1/token', MACHINE)).status, 200);
  const socket = await dial(t, origin);
  const body = JSON.stringify(MACHINE);
  const line = `${START}${JSON_LINE}Content-Length: ${body.length}\r\n\r\n${body}`;
  socket.pause().write(line.repeat(asked));
  const since = performance.now();
  // Whoever does not read sees no end either: answers have nobody to go to any more.
  await serveUntil(origin, gone.promise);
  assertInTime(performance.now() - since, LATEST_MS);
  const { told } = await ends([socket]);
  assert.ok(told.every((text) => text.length < asked * token.length));
});

test(`T23 ${IDLE} connections that say nothing do not stop a fullmakt sidecar; slow headers are cut after ten seconds${isFull ? ', slow bodies after thirty' : ''}`, async (t) => {
  const sidecar = await startSidecarAlone(t);
  const sockets: Socket[] = [];
  while (sockets.length < IDLE)
    sockets.push(...(await dialAll(t, sidecar.origin, Math.min(100, IDLE - sockets.length))));
  const slowHeaders = await dialAll(t, sidecar.origin, SLOW);
  for (const socket of slowHeaders) socket.write(SLOW_STARTS['headers that never end'] ?? '');
  const slowBodies = await dialAll(t, sidecar.origin, SLOW);
  for (const socket of slowBodies) socket.write(SLOW_STARTS['a body that stops'] ?? '');
  const [headers, bodies] = [ends(slowHeaders), ends(slowBodies)];
  const served = await serveUntil(sidecar.origin, isFull ? Promise.all([headers, bodies]) : headers);
  const { afterMs } = await headers;
  assert.ok(afterMs > 8000 && afterMs < 16_000, `slow headers were cut after ${afterMs} ms`);
  if (isFull) {
    const { afterMs: late } = await bodies;
    assert.ok(late > 28_000 && late < 42_000, `slow bodies were cut after ${late} ms`);
  }
  assert.equal((await fetch(`${sidecar.probes}/readyz`)).status, 200);
  t.diagnostic(`${served} tokens meanwhile; slow headers were cut after ${Math.round(afterMs)} ms`);
});
