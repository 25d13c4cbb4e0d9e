import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMix } from './63-sidecar-mix.ts';
import type { Outcome } from './63-sidecar-mix.ts';
import { descriptors, HEAP_ON_SIGNAL, heapBytes, rssBytes } from './process-memory.ts';
import { isFull } from './scale.ts';
import { startSidecarAlone } from './sidecar-alone.ts';
import { until } from '../until.ts';

/* A sidecar under a mix of all that it does, with keys that change and providers that go away, for as long as one likes: ten minutes at
   full scale, or as many seconds as FULLMAKT_TEST_SOAK_SECONDS says. */

const SECONDS = Number(process.env['FULLMAKT_TEST_SOAK_SECONDS'] ?? (isFull ? 600 : 10));
const ROUND_MS = isFull ? 120_000 : 5000;
const FAULT_MS = ROUND_MS / 12;
const FAULTS = ['down', 'error', 'garbage', 'slow'] as const;
/** After a fault a breaker's pause may still last (sidecar-sdk.md 3.3). */
const CALM_AFTER_MS = 35_000;
const CLIENTS = 8;
const PAUSE_MS = 10;
/** By then each of the kept tokens was asked for. */
const WARM_QUESTIONS = 80;
const MIB = 1024 * 1024;
/** Small, so that it is full long before the first look. */
const CACHE_BYTES = MIB;
const HEAP_GROWTH_BYTES = 4 * MIB;
/** Of the first look: security.md 8, B13. */
const RSS_GROWTH = 1.2;
/** Connections come and go. */
const MORE_DESCRIPTORS = 24;

interface Look {
  readonly atSeconds: number;
  readonly heap: number;
  readonly rss: number;
  readonly descriptors: number;
}

const pass = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

function percentile(times: readonly number[], part: number): number {
  const sorted = times.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length * part)] ?? Number.NaN;
}

const told = ({ atSeconds, heap, rss, descriptors: open }: Look): string =>
  `${atSeconds} s: heap ${(heap / MIB).toFixed(1)}, RSS ${(rss / MIB).toFixed(1)} MiB, ${open} descriptors`;

test(`T63 B13 sidecar: ${SECONDS} s of everything, keys that change and providers that go away: no answer is wrong, kept machine tokens are always there, and nothing grows`, async (t) => {
  const env = { ...HEAP_ON_SIGNAL, FULLMAKT_SIDECAR_CACHE_MAX_BYTES: String(CACHE_BYTES), LOG_LEVEL: 'error' };
  const sidecar = await startSidecarAlone(t, { env });
  const mix = createMix(t, sidecar, CLIENTS);
  const start = performance.now();
  const since = (): number => performance.now() - start;
  const state = { asked: 0, over: false, faultUntil: 0 };
  const counts = new Map<string, number>();
  const answered = (): number => [...counts.values()].reduce((sum, count) => sum + count, 0);
  const calm: number[] = [];
  const complaints: string[] = [];
  const keep = ({ kind, verdict, milliseconds }: Outcome, isCalm: boolean): void => {
    counts.set(`${kind} ${verdict}`, (counts.get(`${kind} ${verdict}`) ?? 0) + 1);
    if (!isCalm) return;
    calm.push(milliseconds);
    // A key may be newer than what the sidecar has seen; all else has no excuse.
    if (verdict === 'unavailable' && kind !== 'judging') complaints.push(`${kind} in calm, after ${since()} ms`);
  };
  const clients = Array.from({ length: CLIENTS }, async () => {
    while (!state.over) {
      const isCalm = state.faultUntil < since();
      const outcome = await mix.ask((state.asked += 1));
      keep(outcome, isCalm && state.faultUntil < since());
      await pass(PAUSE_MS);
    }
  });
  const looks: Look[] = [];
  const look = async (): Promise<void> => {
    const { pid } = sidecar.summary;
    const heap = await heapBytes(sidecar);
    looks.push({ atSeconds: Math.round(since() / 1000), heap, rss: rssBytes(pid), descriptors: descriptors(pid) });
  };
  const renewing = setInterval(() => mix.renew(), 10_000);
  t.after(() => clearInterval(renewing));
  // What is kept has to be fetched before the first provider goes away.
  await until(() => answered() > WARM_QUESTIONS, 'the first answers');
  for (let round = 0; since() < SECONDS * 1000; round += 1) {
    mix.rotate();
    await pass(ROUND_MS / 2);
    await look();
    state.faultUntil = Number.POSITIVE_INFINITY;
    sidecar.issuer.fail(FAULTS[round % FAULTS.length]);
    await pass(FAULT_MS);
    sidecar.issuer.fail();
    state.faultUntil = since() + CALM_AFTER_MS;
    await pass(ROUND_MS / 2 - FAULT_MS);
    await look();
    complaints.push(...mix.complaints());
  }
  state.over = true;
  await Promise.all(clients);
  complaints.push(...mix.complaints());
  const figures = [...counts].map(([what, count]) => `${count} ${what}`).toSorted();
  t.diagnostic(`${state.asked} questions: ${figures.join(', ')}`);
  t.diagnostic(
    `in calm: p50 ${percentile(calm, 0.5).toFixed(1)} ms, p99 ${percentile(calm, 0.99).toFixed(1)} ms; the last quarter: p99 ${percentile(calm.slice(-calm.length / 4), 0.99).toFixed(1)} ms`,
  );
  for (const each of looks) t.diagnostic(told(each));
  assert.deepEqual(complaints, []);
  assert.equal(counts.get('kept machine token unavailable') ?? 0, 0, 'an old one serves meanwhile');
  const [first, last] = [looks[1], looks.at(-1)];
  assert.ok(first !== undefined && last !== undefined);
  assert.ok(last.descriptors <= first.descriptors + MORE_DESCRIPTORS, told(last));
  if (isFull) {
    assert.ok(last.heap - first.heap < HEAP_GROWTH_BYTES, `${told(first)}; ${told(last)}`);
    assert.ok(last.rss < first.rss * RSS_GROWTH, `${told(first)}; ${told(last)}`);
  }
  assert.equal((await fetch(`${sidecar.probes}/readyz`)).status, 200);
  assert.equal(await sidecar.stop(), 0, sidecar.said());
});
