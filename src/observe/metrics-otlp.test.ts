import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from './metrics.ts';
import { startMetricExport } from './metrics-otlp.ts';
import { metricsBody } from './metrics-otlp-body.ts';
import { parsePairs, signalUrl } from './otlp-variables.ts';

interface Points {
  readonly aggregationTemporality?: number;
  readonly isMonotonic?: boolean;
  readonly dataPoints: readonly object[];
}

interface Body {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly object[] };
    readonly scopeMetrics: readonly {
      readonly metrics: readonly { name: string; sum?: Points; gauge?: Points; histogram?: Points }[];
    }[];
  }[];
}

const of = (path: string): object => ({ attributes: [{ key: 'path', value: { stringValue: path } }] });

const RULE = {
  level: 'debug',
  counter: { name: 'calls_total', help: 'Calls.', labels: ['path'] },
  histogram: { name: 'call_seconds', help: 'Time.', field: 'seconds', labels: ['path'], buckets: [0.1, 1] },
  gauge: { name: 'size', help: 'Size.', field: 'size', labels: [] },
} as const;

test('3.9: counters, gauges and histograms are what OTLP calls them, cumulative, with their labels', async () => {
  const metrics = createMetrics();
  const feed = metrics.feed(RULE);
  for (const seconds of [0.05, 0.5, 5]) feed({ path: '/a', seconds, size: 7 });
  feed({ path: '/b', seconds: 0.05, size: 8 });
  const frame = { resource: { 'service.name': 'x' }, startedAt: 1000, at: 2000.5 };
  const body: Body = JSON.parse(metricsBody(await metrics.snapshot(), frame));
  const [first] = body.resourceMetrics;
  assert.deepEqual(first?.resource.attributes, [{ key: 'service.name', value: { stringValue: 'x' } }]);
  const found = new Map(first?.scopeMetrics[0]?.metrics.map((each) => [each.name, each]));
  const times = { startTimeUnixNano: '1000000000', timeUnixNano: '2000500000' };
  const sum = found.get('calls_total')?.sum;
  assert.deepEqual([sum?.aggregationTemporality, sum?.isMonotonic], [2, true]);
  assert.deepEqual(sum?.dataPoints, [
    { ...times, ...of('/a'), asDouble: 3 },
    { ...times, ...of('/b'), asDouble: 1 },
  ]);
  assert.deepEqual(found.get('size')?.gauge?.dataPoints, [{ ...times, attributes: [], asDouble: 8 }]);
  assert.deepEqual(found.get('call_seconds')?.histogram?.dataPoints, [
    { ...times, ...of('/a'), explicitBounds: [0.1, 1], bucketCounts: ['1', '1', '1'], sum: 5.55, count: '3' },
    { ...times, ...of('/b'), explicitBounds: [0.1, 1], bucketCounts: ['1', '0', '0'], sum: 0.05, count: '1' },
  ]);
});

test('3.9: figures are delivered once more at the end; a collector that fails is told of once, without its address', async () => {
  const bodies: unknown[] = [];
  const losses: string[] = [];
  const answers = [
    () => Promise.reject(new TypeError('http://user:secret@host')),
    () => Promise.resolve(new Response('{}', { status: 503 })),
  ];
  const started = startMetricExport({
    url: signalUrl('http://127.0.0.1:1/', 'metrics'),
    headers: { 'x-key': '1' },
    resource: {},
    intervalMilliseconds: 60_000,
    snapshot: () => Promise.resolve([]),
    fetch: (url, init) => {
      bodies.push([url, init.headers]);
      return (answers.shift() ?? (() => Promise.resolve(new Response('{}'))))();
    },
    onLoss: (reason) => losses.push(reason),
  });
  for (const _ of [1, 2, 3]) {
    // oxlint-disable-next-line no-await-in-loop -- one delivery after the other
    await started.close();
  }
  assert.equal(bodies.length, 3);
  assert.deepEqual(bodies[0], ['http://127.0.0.1:1/v1/metrics', { 'x-key': '1', 'content-type': 'application/json' }]);
  assert.deepEqual(losses, ['TypeError']);
});

test('pairs of OpenTelemetry variables are decoded, and what is none is left out', () => {
  assert.deepEqual(parsePairs(' a=1, b = x%2Cy ,=2,c,d=%zz,e=f=g'), { a: '1', b: 'x,y', d: '%zz', e: 'f=g' });
  assert.deepEqual(parsePairs(undefined), {});
});

test('an interval that is longer than a timer can be is a day, not no time at all', async (t) => {
  const set = t.mock.method(globalThis, 'setInterval');
  for (const [asked, taken] of [
    [0, 100],
    [60_000, 60_000],
    [2 ** 31, 86_400_000],
    [99_999_999_999_999, 86_400_000],
  ]) {
    const running = startMetricExport({
      url: 'http://collector',
      headers: {},
      resource: {},
      intervalMilliseconds: asked ?? 0,
      snapshot: async () => await Promise.resolve([]),
      fetch: async () => await Promise.resolve(new Response()),
      onLoss: () => {},
    });
    assert.equal(set.mock.calls.at(-1)?.arguments[1], taken);
    await running.close();
  }
});
