import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { startExchangeCommand } from '../servers/exchange-command.ts';
import { createFleet } from '../servers/fleet.ts';
import { FAULT_ON_SIGNAL, startAlone } from './exchange-alone.ts';
import { until } from '../until.ts';

const fleet = await createFleet();
const DESCRIPTORS = 256;

/** Connections that say nothing. */
function openIdle(t: TestContext, origin: string, count: number): readonly Socket[] {
  const { port } = new URL(origin);
  const sockets = Array.from({ length: count }, () => connect(Number(port), '127.0.0.1'));
  // Those the server has no place for are cut.
  for (const socket of sockets) socket.on('error', () => undefined);
  t.after(() => sockets.forEach((socket) => socket.destroy()));
  return sockets;
}

/** A request on a connection that was there before. */
async function exchangeOver(agent: Agent, origin: string): Promise<number> {
  const body = (await fleet.form()).toString();
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const outgoing = request(`${origin}/token`, { method: 'POST', headers, agent });
    outgoing.once('error', reject).once('response', (incoming) => {
      incoming.resume().once('end', () => resolve(incoming.statusCode ?? 0));
    });
    outgoing.end(body);
  });
}

test('T63 with no descriptor left: nothing crashes, who is connected is served, and service is back once some are free', async (t) => {
  const server = await startAlone(t, fleet, { descriptors: DESCRIPTORS });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  assert.equal(await exchangeOver(agent, server.origin), 200);
  const sockets = openIdle(t, server.origin, DESCRIPTORS + 100);
  await until(() => sockets.filter((socket) => socket.destroyed || socket.readableEnded).length > 50);
  for (let round = 0; round < 10; round += 1) assert.equal(await exchangeOver(agent, server.origin), 200);
  for (const socket of sockets) socket.destroy();
  await until(async () => (await fleet.exchange(server.origin).catch(() => undefined))?.status === 200);
  assert.equal((await fetch(`${server.origin}/readyz`)).status, 200);
  assert.equal(server.child.exitCode, null);
  assert.equal(await server.stop(), 0, server.said());
});

test('T63 a worker that fails where nobody expected it ends, is replaced, and the others serve meanwhile', async (t) => {
  const server = await startAlone(t, fleet, { args: ['--workers', '2'], env: FAULT_ON_SIGNAL });
  const children = (): readonly string[] =>
    readFileSync(`/proc/${server.summary.pid}/task/${server.summary.pid}/children`, 'utf8').trim().split(' ');
  const [victim = '', other = ''] = children();
  process.kill(Number(victim), 'SIGUSR2');
  await until(() => server.said().includes(`worker ${victim} ended (code 1); a new one starts`));
  assert.equal((await fleet.exchange(server.origin)).status, 200);
  await until(() => children().length === 2 && !children().includes(victim));
  assert.ok(children().includes(other));
  assert.equal(await server.stop(), 0);
});

test('T63 a single process that fails so ends with a code, and the next one goes on with its keys', async (t) => {
  const server = await startAlone(t, fleet, { env: FAULT_ON_SIGNAL });
  const keys = await (await fetch(`${server.origin}/jwks`)).text();
  const gone = new Promise((resolve) => server.child.once('close', resolve));
  server.child.kill('SIGUSR2');
  assert.equal(await gone, 1);
  assert.match(server.said(), /a fault of the test/);
  const next = await startExchangeCommand(['--dir', server.dir], fleet.settings);
  t.after(() => next.stop('SIGKILL'));
  assert.equal(await (await fetch(`${next.origin}/jwks`)).text(), keys);
});
