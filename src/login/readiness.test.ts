import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import test from 'node:test';
import { silent } from '../observe/events.ts';
import { StoreUnavailable } from '../store/errors.ts';
import { createMemoryStore } from '../store/memory.ts';
import type { Store } from '../store/store.ts';
import type { Listener } from '../web/serve.ts';
import { serve } from '../web/serve.ts';
import { createLogin } from './app.ts';
import { readLoginConfig } from './config.ts';
import type { HealthDeps } from './readiness.ts';
import { LEAST } from './testing/wonderwall-aliases.ts';

const NOW = 1_800_000_000;

const now = (): number => NOW;

interface Health {
  readonly missing: () => Promise<readonly string[]>;
  readonly metrics: Listener;
  readonly probes: Listener;
}

/** The health of a proxy whose provider is away. */
async function startHealth(t: TestContext, deps: Partial<HealthDeps>, store?: Store): Promise<Health> {
  const read = readLoginConfig({
    ...LEAST,
    FULLMAKT_LOGIN_METRICS_BIND_ADDRESS: '127.0.0.1:0',
    FULLMAKT_LOGIN_PROBE_BIND_ADDRESS: '127.0.0.1:0',
  });
  assert.ok(read.ok);
  const program = await createLogin(read.config, {
    store: store ?? createMemoryStore({ now }),
    fetch: () => Promise.reject(new Error('away')),
    now,
    emit: silent,
    metrics: () => Promise.resolve('figures 1\n'),
    ...deps,
  });
  const [metrics, probes] = await Promise.all(program.listeners.slice(1).map(serve));
  assert.ok(metrics !== undefined && probes !== undefined);
  t.after(async () => {
    await Promise.all([metrics.close(0), probes.close(0)]);
    await program.close();
  });
  return {
    metrics,
    probes,
    missing: async () => {
      // oxlint-disable-next-line typescript/consistent-type-assertions -- what the listener answers
      const body = (await (await fetch(`${probes.origin}/readyz`)).json()) as { missing: readonly string[] };
      return body.missing;
    },
  };
}

async function statusOf(listener: Listener, path: string): Promise<number> {
  return (await fetch(`${listener.origin}${path}`)).status;
}

test('OP-1 probes are on their own listener and on that of the figures, which are on one alone', async (t) => {
  const { metrics, probes } = await startHealth(t, {});
  assert.deepEqual(
    await Promise.all(['/healthz', '/readyz', '/metrics', '/debug'].map((path) => statusOf(metrics, path))),
    [200, 503, 200, 404],
  );
  assert.deepEqual(
    await Promise.all(['/healthz', '/readyz', '/metrics', '/debug'].map((path) => statusOf(probes, path))),
    [200, 503, 404, 404],
  );
});

test('OP-2 readyz-follows-store: what is missing has a name, and comes and goes', async (t) => {
  let [away, ending, audit] = [false, false, true];
  const memory = createMemoryStore({ now: () => NOW });
  const store: Store = {
    ...memory,
    now: () => (away ? Promise.reject(new StoreUnavailable('away')) : memory.now()),
  };
  const { missing } = await startHealth(t, { accepting: () => !ending, auditReady: () => audit }, store);
  assert.deepEqual(await missing(), ['metadata', 'keys']);
  away = true;
  assert.deepEqual(await missing(), ['store', 'metadata', 'keys']);
  [away, ending] = [false, true];
  assert.deepEqual(await missing(), ['accepting', 'metadata', 'keys']);
  [ending, audit] = [false, false];
  assert.deepEqual(await missing(), ['audit', 'metadata', 'keys']);
});

test('OP-2 a clock that is 30 s off the store’s is good, one that is more is not', async (t) => {
  let off = 30;
  const memory = createMemoryStore({ now: () => NOW });
  const { missing } = await startHealth(t, {}, { ...memory, now: () => Promise.resolve(NOW + off) });
  assert.deepEqual(await missing(), ['metadata', 'keys']);
  off = -31;
  assert.deepEqual(await missing(), ['clock', 'metadata', 'keys']);
});
