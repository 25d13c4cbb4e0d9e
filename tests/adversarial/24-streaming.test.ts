import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, request as send } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { connect } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { freePort } from '../servers/free-port.ts';
import { listen } from '../servers/listen.ts';
import { HOST } from './01-36-world.ts';
import { startProxy } from './24-alone.ts';
import type { Proxied } from './24-alone.ts';
import { isFull } from './scale.ts';

const TIMEOUT = 240_000;
const MIB = 1024 * 1024;
const BYTES = (isFull ? 1024 : 96) * MIB;
const WARM_UP = 24 * MIB;
const ALLOWED_RISE = 64 * MIB;
const noProc = existsSync('/proc/self/status')
  ? false
  : 'the memory of a process is read from /proc, which is not here';
const CHUNK = Buffer.alloc(64 * 1024, 'x');

type App = (request: IncomingMessage, response: ServerResponse) => void;

async function startWith(t: TestContext, app: App): Promise<Proxied> {
  return startProxy(t, `http://127.0.0.1:${await listen(t, createServer(app))}`);
}

/** The most memory the process ever held, in bytes. */
function peakOf({ process: { pid } }: Proxied): number {
  const kib = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) * 1024;
}

function* zeros(bytes: number): Generator<Buffer> {
  for (let sent = 0; sent < bytes; sent += CHUNK.length) yield CHUNK;
}

async function ask(port: number, path: string, upload?: number): Promise<IncomingMessage> {
  const outgoing = send({
    host: '127.0.0.1',
    port,
    path,
    method: upload === undefined ? 'GET' : 'POST',
    headers: { host: HOST },
    agent: false,
  });
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
  if (upload === undefined) outgoing.end();
  else await pipeline(Readable.from(zeros(upload)), outgoing);
  return (await answered)[0];
}

async function countOf(stream: AsyncIterable<Buffer>): Promise<number> {
  let bytes = 0;
  for await (const chunk of stream) bytes += chunk.length;
  return bytes;
}

/** `/down/<n>` answers so many bytes; everything else counts what it is sent. */
const heavy: App = (request, response) => {
  const bytes = Number(/^\/down\/(\d+)/.exec(request.url ?? '')?.[1] ?? Number.NaN);
  const work = Number.isNaN(bytes)
    ? countOf(request).then((count) => response.end(String(count)))
    : pipeline(Readable.from(zeros(bytes)), response);
  work.catch(() => response.destroy());
};

test('T24 a large download and a large upload pass through without being held: memory rises by less than 64 MiB', {
  skip: noProc,
  timeout: TIMEOUT,
}, async (t) => {
  const proxied = await startWith(t, heavy);
  const both = async (bytes: number): Promise<void> => {
    assert.equal(await countOf(await ask(proxied.port, `/down/${bytes}`)), bytes);
    const uploaded = await ask(proxied.port, '/up', bytes);
    assert.equal(Buffer.concat(await uploaded.toArray()).toString(), String(bytes));
  };
  await both(WARM_UP);
  const before = peakOf(proxied);
  await both(BYTES);
  const rise = peakOf(proxied) - before;
  t.diagnostic(`${BYTES / MIB} MiB each way: ${Math.round(rise / MIB)} MiB more`);
  assert.ok(rise < ALLOWED_RISE, `${rise} bytes more`);
});

test('T24 clients that do not read hold the app back, and everybody else is served', {
  skip: noProc,
  timeout: TIMEOUT,
}, async (t) => {
  let written = 0;
  const proxied = await startWith(t, (request, response) => {
    if (!request.url?.startsWith('/endless')) {
      response.end('served');
      return;
    }
    const source = Readable.from(zeros(BYTES));
    source.on('data', (chunk: Buffer) => (written += chunk.length));
    pipeline(source, response).catch(() => undefined);
  });
  const warm = await ask(proxied.port, '/x');
  await warm.toArray();
  const before = peakOf(proxied);
  const idle = await Promise.all([1, 2, 3, 4].map((n) => ask(proxied.port, `/endless/${n}`)));
  for (let request = 0; request < 100; request += 1)
    assert.equal(Buffer.concat(await (await ask(proxied.port, '/x')).toArray()).toString(), 'served');
  assert.ok(written < 4 * 24 * MIB, `${written} bytes written for clients that read none`);
  assert.ok(peakOf(proxied) - before < ALLOWED_RISE);
  for (const answer of idle) answer.destroy();
});

test('T24 an event stream arrives event by event, and a client that leaves ends it at the app', {
  timeout: TIMEOUT,
}, async (t) => {
  const streams: ServerResponse[] = [];
  const { port } = await startWith(t, (_request, response) => {
    streams.push(response);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
  });
  const answer = await ask(port, '/events');
  const [stream] = streams;
  assert.ok(stream);
  const gone = once(stream, 'close');
  answer.setEncoding('utf8').on('error', () => undefined);
  for (const event of ['one', 'two', 'three']) {
    const arrived = once(answer, 'data');
    stream.write(`data: ${event}\n\n`);
    assert.deepEqual(await arrived, [`data: ${event}\n\n`]);
  }
  answer.destroy();
  await gone;
});

test('T24 a client that leaves before the answer, or in the middle of its upload, cancels the request at the app', {
  timeout: TIMEOUT,
}, async (t) => {
  const arrivals: (() => void)[] = [];
  const closes: Promise<unknown>[] = [];
  const { port } = await startWith(t, (request, response) => {
    closes.push(once(response, 'close'));
    request.on('error', () => undefined).resume();
    arrivals.shift()?.();
  });
  for (const upload of [false, true]) {
    const arrived = new Promise<void>((resolve) => arrivals.push(resolve));
    const outgoing = send({
      host: '127.0.0.1',
      port,
      path: '/slow',
      method: upload ? 'POST' : 'GET',
      headers: { host: HOST },
      agent: false,
    });
    outgoing.on('error', () => undefined);
    if (upload) outgoing.write(CHUNK);
    else outgoing.end();
    await arrived;
    outgoing.destroy();
    await closes.pop();
  }
});

test('T24 an app that breaks off breaks the answer off: half of it never looks whole', {
  timeout: TIMEOUT,
}, async (t) => {
  const { port } = await startWith(t, (request, response) => {
    response.writeHead(200, request.url === '/counted' ? { 'content-length': '1000000' } : {});
    response.write('half', () => response.socket?.resetAndDestroy());
  });
  for (const path of ['/counted', '/chunked']) {
    await assert.rejects(async () => (await ask(port, path)).toArray(), { code: 'ECONNRESET' }, path);
  }
});

test('T24 a dead app is 502, one that does not take connections 504, both without a body', {
  timeout: TIMEOUT,
}, async (t) => {
  const refused = await ask((await startProxy(t, `http://127.0.0.1:${await freePort()}`)).port, '/x');
  assert.deepEqual([refused.statusCode, (await refused.toArray()).length], [502, 0]);

  const frozenPort = await startFrozen(t);
  const late = await ask((await startProxy(t, `http://127.0.0.1:${frozenPort}`)).port, '/x');
  assert.deepEqual([late.statusCode, (await late.toArray()).length], [504, 0]);
});

/** A port whose process is stopped and whose queue of connections is full, so that nobody gets an answer to a SYN. */
async function startFrozen(t: TestContext): Promise<number> {
  const script =
    'const s=require("net").createServer();s.listen({port:0,host:"127.0.0.1",backlog:1},()=>console.log(s.address().port))';
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(async () => {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(line.toString());
  child.kill('SIGSTOP');
  const fillers = Array.from({ length: 4 }, () => connect({ host: '127.0.0.1', port }).on('error', () => undefined));
  t.after(() => fillers.forEach((filler) => filler.destroy()));
  // Two fit into the queue; when they are in, it is full.
  await Promise.all(fillers.slice(0, 2).map((filler) => once(filler, 'connect')));
  return port;
}
