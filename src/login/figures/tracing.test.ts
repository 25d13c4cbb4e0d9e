import assert from 'node:assert/strict';
import test from 'node:test';
import type { FinishedSpan } from '../../observe/tracing.ts';
import { observed } from '../testing/observed.ts';
import { HOST } from '../testing/proxy.ts';

test('OP-5: log lines and audit records of a request have its correlation id, and its trace id when tracing is on', async (t) => {
  const { world, lines } = await observed(t, { traced: true });
  const trace = 'c'.repeat(32);
  const traceparent = `00-${trace}-${'d'.repeat(16)}-01`;
  await world.browser.visit('/oauth2/login', { headers: { 'x-request-id': 'mine-1', traceparent } });
  const started = lines.map((line) => JSON.parse(line)).find(({ event }) => event === 'login.started');
  assert.deepEqual([started?.cid, started?.trace], ['mine-1', trace]);
});

test('OP-8: provider and store are children of the request, whose place goes on to provider and application', async (t) => {
  const { world, spans } = await observed(t, { traced: true });
  await world.logIn();
  const traceparent = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`;
  await world.browser.ask('/private/11111111111?q=secret', { headers: { traceparent, tracestate: 'v=1' } });
  const named = (name: string): FinishedSpan => {
    const span = spans.find((each) => each.name === name);
    assert.ok(span, `${name} among ${spans.map((each) => each.name).join(', ')}`);
    return span;
  };
  const callback = named('GET /oauth2/callback');
  const token = named('POST token');
  assert.equal(token.parent?.spanId, callback.context.spanId);
  assert.equal(token.kind, 'client');
  assert.deepEqual(token.attributes, {
    'http.request.method': 'POST',
    'fullmakt.provider': 'idporten',
    'fullmakt.endpoint': 'token',
    'http.response.status_code': 200,
  });
  const created = named('store create');
  assert.equal(created.parent?.traceId, created.context.traceId);
  assert.match(String(world.provider.callsTo('token')[0]?.headers['traceparent']), new RegExp(token.context.spanId));
  const proxied = named('GET proxied');
  assert.equal(proxied.parent?.spanId, 'd'.repeat(16));
  assert.deepEqual(proxied.attributes, {
    'http.request.method': 'GET',
    'http.route': 'proxied',
    'server.address': HOST,
    'http.response.status_code': 200,
  });
  const headers = world.seen.at(-1)?.headers;
  assert.equal(headers?.['traceparent'], `00-${'c'.repeat(32)}-${proxied.context.spanId}-01`);
  assert.equal(headers?.['tracestate'], 'v=1');
  const reads = spans.filter(({ name }) => name === 'store read').map(({ parent }) => parent?.spanId);
  assert.ok(reads.includes(proxied.context.spanId));
  assert.doesNotMatch(JSON.stringify(spans), /secret|private|11111111111|q=|code=|state=/);
});

test('OP-8: without tracing the trace headers of a client reach the application as they are', async (t) => {
  const { world } = await observed(t);
  await world.logIn();
  await world.browser.ask('/x', { headers: { traceparent: 'anything', tracestate: 'v=1' } });
  const headers = world.seen.at(-1)?.headers;
  assert.deepEqual([headers?.['traceparent'], headers?.['tracestate']], ['anything', 'v=1']);
});
