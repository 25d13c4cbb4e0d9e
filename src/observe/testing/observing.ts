import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { DomainEvent, EventTable } from '../events.ts';
import { createObserver, type Observer, type ObserverOptions } from '../observer.ts';

interface Happened extends DomainEvent {
  readonly event: 'token.issued' | 'token.refused' | 'cache.hit';
  readonly [field: string]: unknown;
}

/** The counter the events of the table share. */
export const REQUESTS = {
  name: 'fullmakt_exchange_requests_total',
  help: 'Requests.',
  labels: ['outcome', 'client'],
} as const;
/** Events of a made-up program: decisions that are audited and counted, and one that is neither. */
export const TABLE: EventTable<Happened> = {
  'token.issued': {
    level: 'info',
    audit: true,
    counter: REQUESTS,
    histogram: { name: 'fullmakt_exchange_duration_seconds', help: 'Time.', field: 'seconds', labels: ['outcome'] },
  },
  'token.refused': { level: 'warn', audit: true, counter: REQUESTS },
  'cache.hit': {
    level: 'debug',
    gauge: { name: 'fullmakt_cache_entries', help: 'Entries.', field: 'entries', labels: [] },
  },
};
/** What the clock of every observer here says, in seconds since the epoch. */
export const NOW: number = Date.UTC(2026, 0, 2, 3, 4, 5, 678) / 1000;

/** An observer that ends with the test, and the log lines it wrote. */
export function observing(
  t: TestContext,
  options: Partial<ObserverOptions> = {},
): { observer: Observer; lines: string[] } {
  const lines: string[] = [];
  const destination = { write: (text: string) => void lines.push(text) };
  const observer = createObserver({ destination, now: () => NOW, ...options });
  t.after(() => observer.close());
  return { observer, lines };
}

/** An empty folder that is gone after the test. */
export function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'fullmakt-observe-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
