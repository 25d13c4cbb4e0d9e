import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventRule } from './events.ts';
import { createMetrics } from './metrics.ts';
import { createQuickFeed } from './quick-feed.ts';
import { createRedactor } from './redact.ts';

const RULE: EventRule = {
  level: 'debug',
  counter: { name: 'asked_total', help: 'h', labels: ['who', 'app'] },
  histogram: { name: 'seconds', help: 'h', labels: ['who'], field: 'seconds', buckets: [1] },
};

/** The series in the text, without what tells about them. */
async function shownAfter(events: readonly object[], fixed: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const metrics = createMetrics();
  const feed = createQuickFeed(RULE, metrics.meters(RULE), { fixed, redact: createRedactor() });
  for (const event of events) feed(event);
  const text = await metrics.text();
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

test('what is known is counted as what is new', async () => {
  const shown = await shownAfter(
    Array.from({ length: 5 }, () => ({ who: 'a', seconds: 0.5 })),
    { app: 'one' },
  );
  assert.ok(shown.includes('asked_total{who="a",app="one"} 5'), shown.join('\n'));
  assert.ok(shown.includes('seconds_sum{who="a"} 2.5'));
  assert.ok(shown.includes('seconds_count{who="a"} 5'));
});

test('labels whose characters stand in another order are other labels', async () => {
  const events = [
    { who: 'a', app: '1:b' },
    { who: 'a1', app: ':b' },
    { who: 'a', app: '1:b' },
  ];
  const shown = await shownAfter(events);
  assert.ok(shown.includes('asked_total{who="a",app="1:b"} 2'), shown.join('\n'));
  assert.ok(shown.includes('asked_total{who="a1",app=":b"} 1'));
});

test('an event that lacks its number or has none is counted and not measured, known or not', async () => {
  const events = [{ seconds: 1 }, {}, { seconds: 'x' }, {}].map((event) => ({ who: 'a', app: 'b', ...event }));
  const shown = await shownAfter(events);
  assert.ok(shown.includes('asked_total{who="a",app="b"} 4'), shown.join('\n'));
  assert.ok(shown.includes('seconds_count{who="a"} 1'));
});

test('a field of the event goes before a fixed one, and a secret in a label is not shown', async () => {
  const number = '01819090285';
  const events = Array.from({ length: 3 }, () => ({ who: number, app: 'own' }));
  const shown = await shownAfter(events, { app: 'fixed' });
  assert.equal(shown.join('\n').includes(number), false);
  assert.ok(
    shown.some((line) => line.includes('app="own"') && line.endsWith(' 3')),
    shown.join('\n'),
  );
});
