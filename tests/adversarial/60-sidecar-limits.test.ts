import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { createSidecar } from '../../src/sidecar/app.ts';
import { sidecarSettings } from '../../src/sidecar/config.ts';
import { makeKeys, START, startProvider, startSidecar, testEnv } from '../../src/sidecar/testing/sidecar.ts';
import { silent } from '../../src/observe/events.ts';
import { readSettings } from '../../src/settings.ts';
import { json } from '../../src/web/http.ts';
import { serve } from '../../src/web/serve.ts';
import { padTo } from './pad-to.ts';
import { wholeFile } from './whole-file.ts';
import { postJson } from '../post-json.ts';
import { until } from '../until.ts';

/* Every limit of what is sent to the sidecar, and of the answers it gets: at the limit, and one over. */

const KIB = 1024;
const context = wholeFile();
const keys = await makeKeys();
const provider = await startProvider(context, keys);
const sidecar = await startSidecar(context, { ...testEnv(provider.origin, keys), PROBE_BIND_ADDRESS: '127.0.0.1:0' });
const ASKED = { identity_provider: 'entra_id', target: 'a' };
const PATHS = ['/api/v1/token', '/api/v1/token/exchange', '/api/v1/introspect'] as const;
type Path = (typeof PATHS)[number];
const BODIES: Readonly<Record<Path, Readonly<Record<string, string>>>> = {
  '/api/v1/token': ASKED,
  '/api/v1/token/exchange': { identity_provider: 'tokenx', target: 'a:b:c', user_token: 'x.y.z' },
  '/api/v1/introspect': { identity_provider: 'tokenx', token: 'x.y.z' },
};

async function send(path: string, body: string, type = 'application/json'): Promise<readonly [number, string]> {
  const answer = await fetch(`${sidecar.origin}${path}`, { method: 'POST', headers: { 'content-type': type }, body });
  return [answer.status, await answer.text()];
}

/** The status of an answer to bytes. */
async function rawStatus(bytes: string): Promise<number> {
  const socket = connect(Number(new URL(sidecar.origin).port), '127.0.0.1');
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1'))).on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.write(bytes);
  await closed;
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]);
}

const line = (name: string, value: string): string => `${name}: ${value}\r\n`;
const BODY = JSON.stringify(ASKED);
const HEADERS =
  line('Host', 'localhost') +
  line('Connection', 'close') +
  line('Content-Type', 'application/json') +
  line('Content-Length', String(BODY.length));

const asked = (target: string, more = ''): string => `POST ${target} HTTP/1.1\r\n${HEADERS}${more}\r\n${BODY}`;
const ofHeaders = (length: number): string =>
  asked('/api/v1/token', line('X', 'a'.repeat(length - HEADERS.length - 'X: \r\n'.length)));
const pathOf = (length: number): string => `/api/v1/token?${'x'.repeat(length - '/api/v1/token?'.length)}`;
const cookieOf = (length: number): string => line('Cookie', `a=${'b'.repeat(length - 2)}`);
const refused = ([status, body]: readonly [number, string]): boolean =>
  status === 400 && body.startsWith('{"error":"invalid_request"');

test('T60 B6 sidecar: a header block of 32 KiB is read, one byte more is 431', async () => {
  assert.equal(await rawStatus(ofHeaders(32 * KIB)), 200);
  assert.equal(await rawStatus(ofHeaders(32 * KIB + 1)), 431);
});

test('T60 B6 sidecar: a target of 8 KiB is read, one byte more is 414; 16 KiB of cookies are read, one byte more is 431', async () => {
  assert.equal(await rawStatus(asked(pathOf(8 * KIB))), 200);
  assert.equal(await rawStatus(asked(pathOf(8 * KIB + 1))), 414);
  assert.equal(await rawStatus(asked('/api/v1/token', cookieOf(16 * KIB))), 200);
  assert.equal(await rawStatus(asked('/api/v1/token', cookieOf(16 * KIB + 1))), 431);
});

for (const path of PATHS) {
  test(`T60 B6 sidecar: a body of 64 KiB, 32 fields and 16 levels is read, one more of each is invalid_request: ${path}`, async () => {
    const text = JSON.stringify(BODIES[path]);
    const form = new URLSearchParams(BODIES[path]).toString();
    const formType = 'application/x-www-form-urlencoded';
    const told = async (body: string, type?: string): Promise<readonly [number, string]> => {
      const [status, answer] = await send(path, body, type);
      return [status, answer.replace(/"expires_in":\d+/, '"expires_in":0')];
    };
    // What is read is answered for what it asks; the fault of decoding is another.
    const plain = await told(text);
    const nested = (levels: number): string =>
      `${text.slice(0, -1)},"x":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    const long = (length: number): string => `${form}&x=${'a'.repeat(length - form.length - 3)}`;
    const many = (count: number): string =>
      form + Array.from({ length: count - form.split('&').length }, (_, at) => `&x${at}=1`).join('');
    for (const [good, bad, type] of [
      [padTo(text, 64 * KIB), padTo(text, 64 * KIB + 1), undefined],
      [nested(16), nested(17), undefined],
      [long(64 * KIB), long(64 * KIB + 1), formType],
      [many(32), many(33), formType],
    ] as const) {
      assert.deepEqual(await told(good, type), plain);
      const over = await told(bad, type);
      assert.ok(refused(over) && over[1] !== plain[1], over.join(' '));
    }
  });
}

const answerOf = (length: number): string =>
  padTo(JSON.stringify({ access_token: 'big', token_type: 'Bearer', expires_in: 1 }), length);

test('T60 B6 sidecar: an answer of a provider of 1 MiB is read, a byte more is not', async () => {
  provider.answer = () => ({ ...json(200, {}), body: answerOf(1024 * KIB) });
  assert.equal((await send('/api/v1/token', JSON.stringify({ ...ASKED, target: 'm-1' })))[0], 200);
  provider.answer = () => ({ ...json(200, {}), body: answerOf(1024 * KIB + 1) });
  assert.equal((await send('/api/v1/token', JSON.stringify({ ...ASKED, target: 'm-2' })))[0], 500);
  provider.answer = () => json(200, { access_token: 'token', token_type: 'Bearer', expires_in: 3600 });
});

test('T60 B6 sidecar: a thousand requests are in work at once; the next is told 503 at once and when to come again', async (t) => {
  const gate = Promise.withResolvers<void>();
  const slow = await startProvider(t, keys);
  slow.answer = async () => {
    await gate.promise;
    return json(200, { access_token: 'token', token_type: 'Bearer', expires_in: 3600 });
  };
  const read = readSettings(sidecarSettings, testEnv(slow.origin, keys));
  assert.ok(read.ok);
  let seen = 0;
  const program = await createSidecar(read.settings, { fetch, now: () => START, emit: silent });
  const [spec] = program.listeners;
  assert.ok(spec !== undefined);
  const listener = await serve({
    ...spec,
    handle: (request) => ((seen += 1), spec.handle(request)),
    limits: { sockets: 1200 },
  });
  t.after(async () => {
    await listener.close(0);
    await program.close();
  });
  const ask = (): Promise<Response> => postJson(`${listener.origin}/api/v1/token`, ASKED);
  const held = Array.from({ length: 1000 }, ask);
  await until(() => seen === 1000);
  const over = await ask();
  assert.deepEqual([over.status, over.headers.get('retry-after')], [503, '1']);
  assert.match(await over.text(), /^\{"error":"server_error"/);
  gate.resolve();
  for (const answer of await Promise.all(held)) assert.equal(answer.status, 200);
  assert.equal(slow.forms.length, 1, 'they all waited for one call');
});

test('T60 B6 sidecar: a listener takes as many connections as it may; those without a request make room', async (t) => {
  const read = readSettings(sidecarSettings, testEnv(provider.origin, keys));
  assert.ok(read.ok);
  const program = await createSidecar(read.settings, { fetch, now: () => START, emit: silent });
  const [spec] = program.listeners;
  assert.ok(spec !== undefined);
  const listener = await serve({ ...spec, limits: { sockets: 5 } });
  const opened: Socket[] = [];
  t.after(async () => {
    for (const socket of opened) socket.destroy();
    await listener.close(0);
    await program.close();
  });
  const dial = async (): Promise<Socket> => {
    const socket = connect(listener.port, '127.0.0.1').resume();
    opened.push(socket);
    await once(socket, 'connect');
    return socket;
  };
  const idle = await Promise.all(Array.from({ length: 5 }, dial));
  const madeRoom = idle.map((socket) => once(socket, 'close'));
  const sixth = await dial();
  await Promise.all([once(sixth, 'close'), ...madeRoom]);
  const next = await dial();
  next.write(`POST /api/v1/token HTTP/1.1\r\n${HEADERS}\r\n${BODY}`);
  const [answer] = await once(next, 'data');
  assert.match(String(answer), /^HTTP\/1\.1 200 /);
});
