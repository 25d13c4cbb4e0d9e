import assert from 'node:assert/strict';
import { Agent, request as httpRequest } from 'node:http';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createLogin } from '../../src/login/app.ts';
import { readLoginConfig } from '../../src/login/config.ts';
import { loginEvents } from '../../src/login/figures-wonderwall.ts';
import { HOST } from '../../src/login/testing/proxy.ts';
import { startProvider } from '../../src/login/testing/provider.ts';
import { createObserver } from '../../src/observe/observer.ts';
import { createTracer } from '../../src/observe/tracing.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { serve } from '../../src/web/serve.ts';
import { AT_ONCE, createHeapMeter, FORM, REQUESTS } from './36-floods.ts';

/** Whatever is kept was full after the first half, or holds little. */
const GROWTH_BYTES = 12 * 1024 * 1024;
/** Lines of figures, of which most are buckets. */
const MAX_LINES = 3000;

const heapBytes = createHeapMeter();
const now = (): number => Date.now() / 1000;

interface Message {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const NAVIGATION = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
const METHODS = ['PROPFIND', 'PURGE', 'MKCOL', 'REPORT', 'LOCK', 'SEARCH', 'TRACE', 'PUT', 'M-SEARCH'] as const;

/** The nth request: each kind has something in it that was never sent before. */
function strange(n: number): Message {
  const text = `n${n}`;
  switch (n % 10) {
    case 0:
      return { path: `/${text}/${text}?q=${text}`, headers: { 'user-agent': text, 'x-request-id': text } };
    case 1:
      return { path: `/oauth2/${text}/${text}`, headers: { 'x-forwarded-host': `${text}.test` } };
    case 2:
      return { path: `/${text}`, headers: { host: `${text}.example.test` } };
    case 3:
      return { path: `/${text}`, method: METHODS[n % METHODS.length] ?? 'PUT' };
    case 4:
      return { path: `/oauth2/login?redirect=/${text}&${text}=1`, headers: NAVIGATION };
    case 5:
      return { path: `/oauth2/callback?code=${text}&state=${text}`, headers: NAVIGATION };
    case 6:
      return { path: '/oauth2/session', headers: { cookie: `__Host-fullmakt.session=${text}; ${text}=1` } };
    case 7:
      return { path: `/oauth2/logout/frontchannel?sid=${text}&iss=https://${text}.test` };
    case 8:
      return { path: `/oauth2/logout?redirect=https://${text}.test/`, headers: NAVIGATION };
    default:
      return {
        path: '/oauth2/logout/backchannel',
        method: 'POST',
        headers: { ...FORM, traceparent: `00-${text.padStart(32, 'a')}-${'b'.repeat(16)}-01` },
        body: `logout_token=${Buffer.from(JSON.stringify({ alg: 'RS256', kid: text })).toString('base64url')}.e30.AAAA`,
      };
  }
}

async function startProxy(t: TestContext): Promise<{ readonly port: number; readonly metrics: () => Promise<string> }> {
  const provider = await startProvider(t, now);
  // What is pushed is kept by this provider, not by the proxy.
  provider.bends.metadata = { pushed_authorization_request_endpoint: undefined };
  const app = await serve({ name: 'app', setting: '-', host: '127.0.0.1', port: 0, handle: () => ({ status: 200 }) });
  t.after(() => app.close(0));
  const read = readLoginConfig({
    FULLMAKT_LOGIN_INGRESS: `https://${HOST}`,
    FULLMAKT_LOGIN_BIND_ADDRESS: '127.0.0.1:0',
    FULLMAKT_LOGIN_METRICS_BIND_ADDRESS: 'none',
    FULLMAKT_LOGIN_UPSTREAM: app.origin,
    FULLMAKT_LOGIN_PROVIDER: 'idporten',
    FULLMAKT_LOGIN_OPENID_CLIENT_ID: 'client-1',
    FULLMAKT_LOGIN_OPENID_CLIENT_SECRET: 'a secret of this test',
    FULLMAKT_LOGIN_OPENID_WELL_KNOWN_URL: provider.wellKnownUrl,
    FULLMAKT_LOGIN_ALLOW_LOCAL_PROVIDERS: 'true',
    FULLMAKT_LOGIN_SESSION_KEYS: Buffer.alloc(32, 7).toString('base64'),
  });
  assert.ok(read.ok, read.ok ? '' : read.problems.join('\n'));
  const observer = createObserver({ destination: 'silent', now });
  t.after(() => observer.close());
  const emit = observer.emitter('login', loginEvents({ wonderwallNames: true, provider: 'idporten' }));
  const tracer = createTracer({ take: () => undefined, close: () => Promise.resolve() });
  const store = createMemoryStore({ now });
  const program = await createLogin(read.config, { store, fetch, now, emit, tracer, within: observer.within });
  const [spec] = program.listeners;
  assert.ok(spec);
  const listener = await serve(spec);
  t.after(async () => {
    await listener.close(0);
    await program.close();
  });
  return { port: listener.port, metrics: () => observer.metrics() };
}

function send(port: number, agent: Agent, message: Message): Promise<number> {
  const { path, method = 'GET', headers, body } = message;
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { host: '127.0.0.1', port, agent, path, method, headers: { host: HOST, ...headers } },
      (incoming) => {
        incoming.resume().once('end', () => resolve(incoming.statusCode ?? 0));
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

test('T36 unseen paths, hosts, methods, targets, cookies, sids, kids and traces leave no trace in the memory of the login proxy', async (t) => {
  const { port, metrics } = await startProxy(t);
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  t.after(() => agent.destroy());
  const statuses = new Map<number, number>();
  let next = 0;
  const flood = async (until: number): Promise<void> => {
    while (next < until) {
      const status = await send(port, agent, strange(next++));
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  const half = async (until: number): Promise<number> => {
    await Promise.all(Array.from({ length: AT_ONCE }, () => flood(until)));
    return heapBytes();
  };
  const first = await half(REQUESTS / 2);
  const lines = (await metrics()).split('\n').length;
  const second = await half(REQUESTS);
  const text = await metrics();
  assert.ok(second - first < GROWTH_BYTES, `${Math.round((second - first) / 1024)} KiB more after the second half`);
  assert.ok(lines < MAX_LINES && text.split('\n').length < lines + 50, `${lines} lines of figures`);
  assert.doesNotMatch(text, /="[^"]*\bn\d+/);
  assert.ok(!statuses.has(500), JSON.stringify([...statuses]));
  for (const status of [200, 302, 401, 404, 421]) assert.ok(statuses.has(status), JSON.stringify([...statuses]));
});
