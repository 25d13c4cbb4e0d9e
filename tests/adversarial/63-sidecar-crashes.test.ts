import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { freePort } from '../servers/free-port.ts';
import { FAULT_ON_SIGNAL } from './exchange-alone.ts';
import { isFull } from './scale.ts';
import { MACHINE, postTo, startSidecarAlone } from './sidecar-alone.ts';
import { until } from '../until.ts';

/* A `fullmakt sidecar` that stalls, fails, has no descriptors left, or is told to end. */

const DESCRIPTORS = 256;
const UNDER_WAY = 60;
const ROUNDS = isFull ? 20 : 3;
const EXCHANGE = '/api/v1/token/exchange';

/** Has a process do nothing but count for three seconds once it gets SIGUSR2. */
const STALL_ON_SIGNAL: Readonly<Record<string, string>> = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(
    "process.on('SIGUSR2', () => { const end = Date.now() + 3500; while (Date.now() < end); process.stderr.write('stalled\\n'); })",
  )}`,
};

const ready = async (probes: string): Promise<number> => (await fetch(`${probes}/readyz`)).status;

test('T63 a sidecar that stalled is not ready for a while, answers everybody late and rightly, and is alive all the time', async (t) => {
  const sidecar = await startSidecarAlone(t, { env: STALL_ON_SIGNAL });
  assert.equal((await sidecar.post('/api/v1/token', MACHINE)).status, 200);
  assert.equal(await ready(sidecar.probes), 200);
  sidecar.child.kill('SIGUSR2');
  const since = performance.now();
  const answers = await Promise.all(Array.from({ length: 20 }, () => sidecar.post('/api/v1/token', MACHINE)));
  assert.ok(answers.every(({ status }) => status === 200));
  await until(() => sidecar.said().includes('stalled'));
  assert.ok(performance.now() - since > 2500, 'it had stalled');
  assert.equal(await ready(sidecar.probes), 503);
  assert.equal((await fetch(`${sidecar.probes}/healthz`)).status, 200);
  assert.equal((await sidecar.post('/api/v1/token', MACHINE)).status, 200);
  await until(async () => (await ready(sidecar.probes)) === 200);
});

test('T63 a sidecar that fails where nobody expected it ends with 1, and the next one serves at once where it was', async (t) => {
  const port = await freePort();
  const env = { ...FAULT_ON_SIGNAL, BIND_ADDRESS: `127.0.0.1:${port}` };
  const failing = await startSidecarAlone(t, { env });
  assert.equal((await failing.post('/api/v1/token', MACHINE)).status, 200);
  const gone = new Promise((resolve) => failing.child.once('close', resolve));
  failing.child.kill('SIGUSR2');
  assert.equal(await gone, 1);
  assert.match(failing.said(), /a fault of the test/);
  const next = await startSidecarAlone(t, { env });
  assert.equal(next.origin, failing.origin);
  assert.equal((await next.post('/api/v1/token', MACHINE)).status, 200);
  assert.equal(await ready(next.probes), 200);
  assert.equal(await next.stop(), 0);
});

/** Connections that say nothing. */
function openIdle(t: TestContext, origin: string, count: number): readonly Socket[] {
  const sockets = Array.from({ length: count }, () => connect(Number(new URL(origin).port), '127.0.0.1'));
  // Those the server has no place for are cut.
  for (const socket of sockets) socket.on('error', () => undefined);
  t.after(() => sockets.forEach((socket) => socket.destroy()));
  return sockets;
}

test(`T63 a sidecar with ${DESCRIPTORS} descriptors and none left: nothing crashes, who is connected is served, and service is back once some are free`, async (t) => {
  const sidecar = await startSidecarAlone(t, { descriptors: DESCRIPTORS });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const ask = async (): Promise<number> => (await postTo(sidecar.origin, '/api/v1/token', MACHINE, {}, agent)).status;
  assert.equal(await ask(), 200);
  const sockets = openIdle(t, sidecar.origin, DESCRIPTORS + 100);
  await until(() => sockets.filter((socket) => socket.destroyed || socket.readableEnded).length > 50);
  for (let round = 0; round < 10; round += 1) assert.equal(await ask(), 200);
  // What needs a descriptor of its own is refused as one that the provider failed, not with anything worse.
  const user_token = sidecar.issuer.mint('tokenx');
  const body = { identity_provider: 'tokenx', target: 'test:team:far', user_token };
  const without = await postTo(sidecar.origin, EXCHANGE, body, {}, agent);
  assert.ok([200, 500].includes(without.status), `${without.status} ${without.body}`);
  if (without.status === 500) assert.match(without.body, /"server_error".*Identity provider request failed:/);
  for (const socket of sockets) socket.destroy();
  // Until it has seen that they are free, it cuts who comes.
  await until(async () => (await postTo(sidecar.origin, EXCHANGE, body).catch(() => undefined))?.status === 200);
  assert.equal(await ready(sidecar.probes), 200);
  assert.equal(sidecar.child.exitCode, null);
  assert.equal(await sidecar.stop(), 0, sidecar.said());
});

test(`T63 a sidecar that is told to end with ${UNDER_WAY} exchanges under way cuts none of them and ends with 0: ${ROUNDS} times`, async (t) => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const sidecar = await startSidecarAlone(t);
    const { issuer } = sidecar;
    await until(async () => (await ready(sidecar.probes)) === 200);
    issuer.fail('slow');
    const before = issuer.requests.length;
    const agent = new Agent({ keepAlive: true });
    t.after(() => agent.destroy());
    const underWay = Array.from({ length: UNDER_WAY }, (_, n) => {
      const body = { identity_provider: 'tokenx', target: `test:team:other-${n}`, user_token: issuer.mint('tokenx') };
      return postTo(sidecar.origin, EXCHANGE, body, {}, agent);
    });
    await until(() => issuer.requests.length === before + UNDER_WAY);
    const ended = sidecar.stop();
    await until(async () => (await ready(sidecar.probes)) === 503);
    issuer.fail();
    const answers = await Promise.all(underWay);
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    assert.equal(await ended, 0, sidecar.said());
    assert.doesNotMatch(sidecar.said(), /unhandled|uncaught|nobody expected|\n\s+at /i);
  }
});

test('T63 a sidecar that is killed under load gives cut connections and no half answers, and leaves nothing behind', async (t) => {
  const sidecar = await startSidecarAlone(t);
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  t.after(() => agent.destroy());
  const seen: string[] = [];
  const state = { over: false };
  const clients = Array.from({ length: 16 }, async () => {
    while (!state.over) {
      const answer = await postTo(sidecar.origin, '/api/v1/token', MACHINE, {}, agent).catch(() => undefined);
      if (answer === undefined) return;
      seen.push(answer.body);
    }
  });
  await until(() => seen.length > 300);
  await sidecar.stop('SIGKILL');
  state.over = true;
  await Promise.all(clients);
  for (const body of seen) assert.match(body, /^\{"access_token":"[\w.-]+","token_type":"Bearer","expires_in":\d+\}$/);
});
