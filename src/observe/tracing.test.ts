import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCollector } from './testing/collector.ts';
import { createTracer, NO_TRACER } from './tracing.ts';
import type { FinishedSpan } from './tracing.ts';
import { openTracer } from './tracing-otlp.ts';

const REMOTE = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true, state: 'vendor=1' };

function kept(): { readonly spans: FinishedSpan[]; readonly sink: Parameters<typeof createTracer>[0] } {
  const spans: FinishedSpan[] = [];
  return { spans, sink: { take: (span) => spans.push(span), close: () => Promise.resolve() } };
}

test('OP-8: spans reach a collector over OTLP/HTTP, with service name, parents and attributes, when the program closes', async (t) => {
  const collector = await startCollector();
  t.after(() => collector.close());
  const tracer = await openTracer({ enabled: true, serviceName: 'fullmakt-login', url: collector.url });
  const handler = tracer.begin({ name: 'GET /x', kind: 'server', parent: REMOTE, attributes: { 'http.route': '/x' } });
  await handler.run(() =>
    tracer.span({ name: 'store read', kind: 'client' }, async (span) => {
      await Promise.resolve();
      span.set('db.operation.name', 'read');
    }),
  );
  await assert.rejects(
    handler.run(() =>
      tracer.span({ name: 'POST token', kind: 'client' }, () => Promise.reject(new TypeError('a secret'))),
    ),
  );
  handler.set('http.response.status_code', 200);
  handler.end();
  handler.end('again');
  await tracer.close();
  assert.deepEqual([...collector.services], ['fullmakt-login']);
  const [read, call, root] = collector.spans;
  assert.equal(collector.spans.length, 3);
  assert.equal(root?.parentSpanId, REMOTE.spanId);
  assert.deepEqual(root?.attributes, { 'http.route': '/x', 'http.response.status_code': 200 });
  assert.equal(root?.kind, 2);
  assert.equal(read?.kind, 3);
  for (const span of [read, call]) assert.equal(span?.parentSpanId, root?.spanId);
  for (const span of collector.spans) assert.equal(span.traceId, REMOTE.traceId);
  assert.deepEqual([read?.isError, call?.isError, root?.isError], [false, true, false]);
  assert.equal(call?.attributes['error.type'], 'TypeError');
  assert.ok(!collector.raw.join().includes('a secret'));
});

test('OP-8: calls to others carry the span they are made in, and the tracestate that came', async () => {
  const { sink } = kept();
  const tracer = createTracer(sink);
  assert.deepEqual(tracer.headers(), {});
  await tracer.begin({ name: 'h', kind: 'server', parent: REMOTE }).run(() =>
    tracer.span({ name: 'c', kind: 'client' }, (span) => {
      assert.deepEqual(tracer.headers(), {
        traceparent: `00-${REMOTE.traceId}-${span.context?.spanId ?? ''}-01`,
        tracestate: 'vendor=1',
      });
      return Promise.resolve();
    }),
  );
  const alone = tracer.begin({ name: 'h', kind: 'server' });
  assert.match(alone.run(() => tracer.headers())['traceparent'] ?? '', /^00-[\da-f]{32}-[\da-f]{16}-01$/);
});

test('OP-8: a trace that its caller does not record is passed on and not recorded', () => {
  const { sink, spans } = kept();
  const tracer = createTracer(sink);
  const span = tracer.begin({ name: 'h', kind: 'server', parent: { ...REMOTE, sampled: false } });
  assert.match(span.run(() => tracer.headers())['traceparent'] ?? '', /-00$/);
  span.end();
  assert.equal(spans.length, 0);
});

test('OP-8: tracing that is off loads nothing, says nothing and hands on results', async () => {
  const tracer = await openTracer({ enabled: false, serviceName: 'x', url: 'http://127.0.0.1:1/' });
  assert.equal(tracer, NO_TRACER);
  assert.equal(tracer.begin({ name: 'h', kind: 'server' }).context, undefined);
  assert.equal(await tracer.span({ name: 'c', kind: 'client' }, () => Promise.resolve(4)), 4);
  assert.deepEqual(tracer.headers(), {});
});

test('OP-8: a collector that is down, refuses or never answers holds up no work, keeps a bounded queue, and is told of once', async (t) => {
  const refusing = await startCollector({ status: 400 });
  const hanging = await startCollector({ silent: true });
  t.after(() => refusing.close());
  t.after(() => hanging.close());
  for (const url of ['http://127.0.0.1:1/v1/traces', refusing.url, hanging.url]) {
    const losses: string[] = [];
    const tracer = await openTracer({
      enabled: true,
      serviceName: 'x',
      url,
      onLoss: (reason) => losses.push(reason),
      batchMilliseconds: 1,
      exportMilliseconds: 100,
    });
    const begun = performance.now();
    for (let i = 0; i < 20_000; i += 1) tracer.begin({ name: 'h', kind: 'server' }).end();
    assert.ok(performance.now() - begun < 10_000);
    await tracer.close();
    assert.equal(losses.length, 1, url);
  }
  for (const { raw } of [refusing, hanging]) assert.ok(raw.length <= 8, `${raw.length} batches`);
});
