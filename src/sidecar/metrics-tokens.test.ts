import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { observing } from '../observe/testing/observing.ts';
import { readSettings } from '../settings.ts';
import { plain } from '../web/http.ts';
import type { HttpResponse } from '../web/http.ts';
import { serve } from '../web/serve.ts';
import { createSidecar } from './app.ts';
import { sidecarSettings } from './config.ts';
import { sidecarEvents } from './events.ts';
import { makeKeys, START, startProvider, testEnv } from './testing/sidecar.ts';
import type { FakeProvider } from './testing/sidecar.ts';

const keys = await makeKeys();
const MACHINE = { identity_provider: 'maskinporten', target: 'a:b' };

interface World {
  readonly provider: FakeProvider;
  readonly clock: { now: number };
  readonly folder: string;
  readonly readAgain: () => Promise<void>;
  readonly ask: (target?: string) => Promise<number>;
  /** The value of a series, whose labels are these in the order of their table. */
  readonly figure: (series: string) => Promise<number | undefined>;
  readonly lines: readonly string[];
}

async function setup(t: test.TestContext, more: Record<string, string> = {}): Promise<World> {
  const provider = await startProvider(t, keys);
  const folder = mkdtempSync(join(tmpdir(), 'fullmakt-figures-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const env = {
    ...testEnv(provider.origin, keys),
    PROBE_BIND_ADDRESS: '127.0.0.1:0',
    FULLMAKT_SIDECAR_SECRET_DIRS: folder,
    ...more,
  };
  const read = readSettings(sidecarSettings, env);
  assert.ok(read.ok);
  const clock = { now: START };
  const { observer, lines } = observing(t);
  const never = { after: () => () => {}, every: () => () => {} };
  const program = await createSidecar(read.settings, {
    fetch,
    now: () => clock.now,
    emit: observer.emitter('sidecar', sidecarEvents),
    metrics: () => observer.metrics(),
    reload: { env, variables: {}, silent: [], timers: never },
  });
  const [api, probes] = await Promise.all(program.listeners.map(serve));
  t.after(async () => {
    await Promise.all([api?.close(0), probes?.close(0)]);
    await program.close();
  });
  return {
    provider,
    clock,
    folder,
    lines,
    readAgain: () => program.readAgain(),
    async ask(target = MACHINE.target) {
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify({ ...MACHINE, target });
      return (await fetch(`${api?.origin}/api/v1/token`, { method: 'POST', headers, body })).status;
    },
    async figure(series) {
      const text = await (await fetch(`${probes?.origin}/metrics`)).text();
      const line = text.split('\n').find((each) => each.startsWith(`fullmakt_sidecar_${series} `));
      return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ')));
    },
  };
}

const cache = (result: string): string =>
  `cache_total{path="/api/v1/token",provider="maskinporten",result="${result}"}`;

test('joined requests, stale tokens and tokens fetched ahead have figures of their own (3.9)', async (t) => {
  const { provider, clock, ask, figure } = await setup(t);
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const well = provider.answer;
  provider.answer = async (call): Promise<HttpResponse> => {
    await gate;
    return well(call);
  };
  const asked = [ask(), ask(), ask()];
  const deadline = Date.now() + 20_000;
  while (provider.forms.length === 0 && Date.now() < deadline) await new Promise(setImmediate);
  // By these answers the other two, which were sent before, have come in too.
  for (let scrape = 0; scrape < 3; scrape += 1) await figure(cache('joined'));
  open();
  assert.deepEqual(await Promise.all(asked), [200, 200, 200]);
  assert.deepEqual([await figure(cache('miss')), await figure(cache('joined'))], [1, 2]);
  assert.equal(provider.forms.length, 1);

  assert.equal(await ask(), 200);
  clock.now += 0.86 * 3480;
  const refreshed = 'refresh_total{provider="maskinporten",outcome="success"}';
  const later = Date.now() + 20_000;
  while ((await figure(refreshed)) !== 1 && Date.now() < later) await new Promise((r) => setTimeout(r, 20));
  assert.equal(await figure(refreshed), 1);

  provider.answer = () => plain(503, '');
  clock.now += 3480;
  assert.equal(await ask(), 200);
  assert.equal(await figure(cache('stale')), 1);
});

test('L3 bounded-constant: tokens take no more memory than they may, and what is let go is fetched again (2.7, 4)', async (t) => {
  const most = 20_000;
  const { provider, ask, figure } = await setup(t, { FULLMAKT_SIDECAR_CACHE_MAX_BYTES: String(most) });
  const targets = Array.from({ length: 100 }, (_, at) => `a:${at}${'x'.repeat(400)}`);
  for (const target of targets) {
    assert.equal(await ask(target), 200);
    assert.ok(Number(await figure('cache_bytes{cache="token"}')) <= most);
  }
  const entries = Number(await figure('cache_entries{cache="token"}'));
  assert.ok(entries > 0 && entries < targets.length, `${entries} entries`);
  const calls = provider.forms.length;
  assert.equal(await ask(targets[0]), 200);
  assert.equal(provider.forms.length, calls + 1);
});

test('each reading of the configuration is counted by what came of it (3.8, 3.9)', async (t) => {
  const { folder, readAgain, figure } = await setup(t);
  assert.equal(await figure('reload_total{outcome="success"}'), undefined);
  writeFileSync(join(folder, 'AZURE_APP_CLIENT_ID'), 'another');
  await readAgain();
  writeFileSync(join(folder, 'AZURE_ENABLED'), 'perhaps');
  await readAgain();
  assert.deepEqual(
    [await figure('reload_total{outcome="success"}'), await figure('reload_total{outcome="failure"}')],
    [1, 1],
  );
});

test('the start says which tokens are judged without audience, and that local providers are let in (2.2, 4)', async (t) => {
  const { lines } = await setup(t);
  const said = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const unchecked = said.filter(({ event }) => event === 'sidecar.audience_unchecked');
  assert.deepEqual(
    unchecked.map(({ provider }) => provider),
    ['maskinporten'],
  );
  const local = said.filter(({ event }) => event === 'sidecar.local_providers_allowed');
  assert.equal(local.length, 1);
  assert.equal(local[0]?.['level'], 'warn');
});
