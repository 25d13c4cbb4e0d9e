import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { loopbackSocket } from '../loopback.ts';
import { startLoginFleet } from './27-36-fleet.ts';
import type { LoginFleet, Replica } from './27-36-fleet.ts';
import { HOST, SESSION } from './01-36-world.ts';
import { segment } from './36-floods.ts';
import { isFull } from './scale.ts';
import { until } from '../until.ts';

const REQUESTS = isFull ? 1_000_000 : 100_000;
const SOCKETS = 8;
/** Requests that are sent on one connection before an answer is awaited. */
const BATCH = 50;
/** One in so many begins a login, which costs a signature and two calls to the provider. */
const LOGIN_EVERY = 1000;
const GROWTH_BYTES = 4 * 1024 * 1024;

/** Has a program say how many bytes are in use once all garbage is gone, whenever it gets SIGUSR2. */
const HEAP_ON_SIGNAL: Readonly<Record<string, string>> = {
  NODE_OPTIONS: `--expose-gc --import=data:text/javascript,${encodeURIComponent(
    "process.on('SIGUSR2', () => { gc(); gc(); process.stderr.write(`heap ${process.memoryUsage().heapUsed}\\n`); })",
  )}`,
};

async function heapBytes({ login }: Replica): Promise<number> {
  const { length } = login.said();
  login.child.kill('SIGUSR2');
  const told = (): string | undefined => /heap (\d+)\n/.exec(login.said().slice(length))?.[1];
  await until(() => told() !== undefined, 'the heap');
  return Number(told());
}

interface Message {
  readonly line: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** The nth request: each has something in it that was never sent before. */
function strange(issuer: string, n: number): Message {
  const hex = createHash('sha256').update(String(n)).digest('hex');
  const text = Buffer.from(hex.repeat(2)).toString('base64url').slice(0, 136);
  if (n % LOGIN_EVERY === 0) return { line: `GET /oauth2/login?redirect=/t${n}&locale=l${n}` };
  switch (n % 14) {
    case 0:
      return { line: `GET /path-${n}`, headers: { cookie: `${SESSION}=${text}` } };
    case 1:
      return { line: `GET /x`, headers: { cookie: `__Host-fullmakt.login.${hex.slice(0, 8)}=${text}; c${n}=${n}` } };
    case 2:
      return { line: `GET /oauth2/callback?code=${n}&state=${text}` };
    case 3:
      return { line: `GET /a/${n}/b/${hex}?q=${n}`, headers: { accept: 'text/html' } };
    case 4:
      return { line: 'GET /x', headers: { host: `h${n}.example.test` } };
    case 5:
      return { line: `GET /oauth2/logout/frontchannel?sid=s${n}&iss=${encodeURIComponent(issuer)}` };
    case 6: {
      const token = `${segment({ alg: 'RS256', kid: `k${n}` })}.${segment({ iss: issuer, jti: hex })}.AAAA`;
      return { line: 'POST /oauth2/logout/backchannel', headers: FORM, body: `logout_token=${token}` };
    }
    case 7:
      return {
        line: `GET /free/${n}`,
        headers: {
          'user-agent': `ua-${n}`,
          'x-request-id': `r${n}`,
          traceparent: `00-${hex.slice(0, 32)}-${hex.slice(0, 16)}-01`,
          [`x-${n}`]: '1',
        },
      };
    case 8:
      return { line: `GET /maybe/${n}`, headers: { 'x-forwarded-host': `f${n}.test`, forwarded: `host=g${n}.test` } };
    case 9:
      return { line: 'OPTIONS /oauth2/session', headers: { origin: `https://o${n}.test` } };
    case 10:
      return {
        line: 'POST /oauth2/session/refresh',
        headers: { cookie: `${SESSION}=${text}`, origin: `https://p${n}.test` },
      };
    case 11:
      return { line: `GET /oauth2/route-${n}`, headers: { referer: `https://r${n}.test/` } };
    case 12:
      return {
        line: `GET /oauth2/logout/callback?state=${hex}`,
        headers: { cookie: `__Host-fullmakt.logout=${text}` },
      };
    default:
      return {
        line: `GET /oauth2/session?n=${n}`,
        headers: { 'accept-language': `x${n}`, authorization: `Bearer ${hex}` },
      };
  }
}

function bytesOf({ line, headers = {}, body = '' }: Message): string {
  const all = { host: HOST, 'content-length': String(body.length), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${line} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

/** Sends the requests in one go and answers the statuses that came back, all or until the connection was closed. */
async function converse(port: number, messages: readonly string[]): Promise<readonly number[]> {
  const socket = await loopbackSocket({ host: '127.0.0.1', port });
  const statuses: number[] = [];
  let rest = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    rest += chunk;
    for (const [, status] of rest.matchAll(/HTTP\/1\.1 (\d{3}) [^\r]*\r\n/g)) statuses.push(Number(status));
    // A status line may be cut in two.
    rest = rest
      .slice(rest.lastIndexOf('HTTP/1.1 '))
      .replace(/^HTTP\/1\.1 \d{3} [^\r]*\r\n/, '')
      .slice(-200);
    if (statuses.length >= messages.length) socket.end();
  });
  socket.on('error', () => socket.destroy());
  socket.on('end', () => socket.end());
  socket.write(messages.join(''));
  await new Promise((resolve) => {
    socket.once('close', resolve);
  });
  return statuses;
}

async function flood(fleet: LoginFleet, { port }: Replica, from: number, to: number): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  let next = from;
  const work = async (): Promise<void> => {
    while (next < to) {
      const first = next;
      next += BATCH;
      const messages = Array.from({ length: BATCH }, (_, n) => bytesOf(strange(fleet.provider.issuer, first + n)));
      const statuses = await converse(port, messages);
      assert.equal(statuses.length, BATCH, 'every one was answered');
      for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: SOCKETS }, work));
  return counts;
}

test(`T36 million-paths-flat-memory: ${REQUESTS} cookies, states, paths, hosts, sids, key ids and headers of which no two are alike: memory and metrics of the login proxy stay where they were`, async (t) => {
  const rules = [
    { path: '/maybe/**', login: 'optional' },
    { path: '/free/**', login: 'exempt' },
  ];
  const env = { ...HEAP_ON_SIGNAL, FULLMAKT_LOGIN_RULES: JSON.stringify(rules), FULLMAKT_LOGIN_LOG_LEVEL: 'error' };
  const fleet = await startLoginFleet(t, { store: 'memory:', size: 1, env });
  const [replica = fail()] = fleet.replicas;
  const member = await fleet.signIn();
  const figures = async (): Promise<readonly string[]> =>
    (await (await fetch(`${replica.login.metrics}/metrics`)).text()).split('\n');
  await flood(fleet, replica, 0, REQUESTS / 2);
  const [before, seriesBefore] = [await heapBytes(replica), await figures()];
  fleet.seen.length = 0;
  const counts = await flood(fleet, replica, REQUESTS / 2, REQUESTS);
  const [after, series] = [await heapBytes(replica), await figures()];
  t.diagnostic([...counts].map(([status, count]) => `${count} x ${status}`).join(', '));
  t.diagnostic(`${Math.round((after - before) / 1024)} KiB more after the second half of ${REQUESTS}`);
  assert.ok((counts.get(500) ?? 0) === 0 && counts.size >= 5);
  assert.equal(series.length, seriesBefore.length, 'no label says what a stranger chose');
  assert.ok(series.some((line) => line.includes('login')) && series.every((line) => !/[a-z]\d{5}/.test(line)));
  assert.ok(after - before < GROWTH_BYTES, `${after - before} bytes`);
  assert.equal((await fleet.judge(replica, member)).verdict, 'right', 'and whoever was in still is');
});

function fail(): never {
  throw new Error('there is none');
}
