import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { converse, statusOf } from './01-36-browser.ts';
import { HOST, startWorld } from './01-36-world.ts';
import { generated, hidden, picked } from './17-framing.ts';
import type { Payload } from './17-framing.ts';
import { createRecorder } from './17-recorder.ts';
import type { Recorder } from './17-recorder.ts';
import { drawSeed, isFull } from './scale.ts';

const seed = process.env['FULLMAKT_TEST_SEED'] === undefined ? 1 : drawSeed();
/** One generated payload of so many is sent. */
const EVERY = isFull ? 1 : 5;
const AT_ONCE = 16;

async function startProxy(t: TestContext): Promise<{ port: number; recorder: Recorder }> {
  const recorder = createRecorder();
  const sockets = new Set<{ destroy(): unknown }>();
  recorder.server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => recorder.server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    recorder.server.close();
  });
  const address = recorder.server.address();
  if (address === null || typeof address === 'string') throw new Error('the recorder has no port');
  const upstream = `http://127.0.0.1:${address.port}`;
  const { port } = await startWorld(t, {
    env: { FULLMAKT_LOGIN_UPSTREAM: upstream, FULLMAKT_LOGIN_AUTO_LOGIN: 'false' },
  });
  return { port, recorder };
}

/** Sends every payload on a connection of its own, some at once, each followed by an honest request of somebody else. */
async function sendAll(port: number, recorder: Recorder, payloads: readonly Payload[]): Promise<Map<number, number>> {
  const queue = [...payloads];
  const statuses = new Map<number, number>();
  let probes = 0;
  const worker = async (): Promise<void> => {
    for (let payload = queue.pop(); payload !== undefined; payload = queue.pop()) {
      const status = statusOf((await converse(port, payload.bytes)).replace(/^HTTP\/1\.1 100 [^]*?\r\n\r\n/, ''));
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      const said = JSON.stringify(payload);
      assert.ok([200, 400, 417, 0].includes(status), `${status} to ${said}`);
      assert.ok(!recorder.targets.some((target) => target.startsWith('/smuggled')), said);
      assert.deepEqual(recorder.faults, [], said);
      probes += 1;
      const probe = `/probe-${probes}`;
      const honest = await converse(port, `GET ${probe} HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`);
      assert.ok(honest.endsWith(probe), `somebody else got ${JSON.stringify(honest)} after ${said}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return statuses;
}

function assertNoneTwice({ targets }: Recorder): void {
  assert.equal(new Set(targets).size, targets.length, 'no request reached the app twice');
}

test('T17 generated framings (byte, position, combination): never two requests upstream for one, and clean framing', async (t) => {
  t.diagnostic(`seed ${seed}, one of ${EVERY}`);
  const { port, recorder } = await startProxy(t);
  const payloads = generated(EVERY, seed);
  assert.ok(payloads.length >= 1700, String(payloads.length));
  const statuses = await sendAll(port, recorder, payloads);
  t.diagnostic(`${payloads.length} sent, answered ${JSON.stringify([...statuses])}`);
  assertNoneTwice(recorder);
  assert.ok((statuses.get(400) ?? 0) > payloads.length / 4, 'most are refused');
});

test('T17 picked framings: lengths, codings, folding, bare line ends, chunk extensions, trailers, in five methods', async (t) => {
  const { port, recorder } = await startProxy(t);
  const payloads = picked();
  assert.ok(payloads.length >= 40 * 5);
  await sendAll(port, recorder, payloads);
  assertNoneTwice(recorder);
  const forged = [...recorder.bodies.values()].filter((body) => body.includes('forged'));
  assert.deepEqual(forged, [], 'trailers are dropped');
});

test('T17 a body that looks like a request arrives as that body, counted or in chunks', async (t) => {
  const { port, recorder } = await startProxy(t);
  const body = hidden(1);
  const half = Math.floor(body.length / 2);
  const pieces = [body.slice(0, half), body.slice(half)].map((text) => `${text.length.toString(16)}\r\n${text}\r\n`);
  for (const [target, framing, text] of [
    ['/counted', `Content-Length: ${body.length}`, body],
    ['/chunked', 'Transfer-Encoding: chunked', `${pieces.join('')}0\r\n\r\n`],
  ]) {
    const head = `POST ${target} HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n${framing}\r\n\r\n`;
    assert.equal(statusOf(await converse(port, head + text)), 200);
    assert.equal(recorder.bodies.get(target ?? ''), body);
  }
  assert.deepEqual(recorder.targets, ['/counted', '/chunked']);
});

function ask(target: string, extra = ''): string {
  return `GET ${target} HTTP/1.1\r\nHost: ${HOST}\r\n${extra}\r\n`;
}

test('T17 requests behind one that is refused are not read, and honest pipelining keeps its order', async (t) => {
  const { port, recorder } = await startProxy(t);
  const heard = await converse(port, ask('/a') + ask('/b') + ask('/c', 'Connection: close\r\n'));
  assert.deepEqual(heard.match(/\/[abc]$|\/[abc](?=HTTP)/gm), ['/a', '/b', '/c']);
  const bad = ask('/d', 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n');
  assert.equal(statusOf(await converse(port, bad + ask('/e'))), 400);
  assert.deepEqual(recorder.targets, ['/a', '/b', '/c']);
});
