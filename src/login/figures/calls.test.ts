import assert from 'node:assert/strict';
import test from 'node:test';
import type { Fetch } from '../../oauth/fetch.ts';
import { NO_TRACER } from '../../observe/tracing.ts';
import { createOutboundFetch } from '../../web/outbound-fetch.ts';
import type { LoginEvent } from '../events.ts';
import { watchCalls } from './calls.ts';

const EXCHANGE = 'http://127.0.0.1:3/.well-known/oauth-authorization-server';
const WELL_KNOWN = 'http://127.0.0.1:2/.well-known/openid-configuration';

function watched(fetch: Fetch): { readonly fetch: Fetch; readonly events: LoginEvent[] } {
  const events: LoginEvent[] = [];
  const at = {
    provider: 'idporten',
    clientId: 'client-1',
    wellKnownUrl: WELL_KNOWN,
    metadata: () => undefined,
    exchangeUrl: EXCHANGE,
  };
  return { fetch: watchCalls({ fetch, tracer: NO_TRACER, emit: (event) => events.push(event), ...at }), events };
}

test('OP-7: a look whether a provider is on the public network is no call, and no failure of its', async (t) => {
  const outbound = createOutboundFetch();
  t.after(() => outbound.close());
  const { fetch, events } = watched(outbound.fetch);
  await assert.rejects(fetch(WELL_KNOWN, { reach: 'public' }));
  assert.deepEqual(events, []);
  await assert.rejects(fetch(WELL_KNOWN));
  assert.partialDeepStrictEqual(events, [{ event: 'idp.call', endpoint: 'metadata', outcome: 'failed' }]);
});

test('OP-5: a provider that is away is told of with the kind of fault, without its address', async (t) => {
  const outbound = createOutboundFetch();
  t.after(() => outbound.close());
  const { fetch, events } = watched(outbound.fetch);
  await assert.rejects(fetch('http://127.0.0.1:2/token', { method: 'POST' }));
  const told = events.filter(({ event }) => event === 'provider.unavailable');
  await assert.rejects(fetch('http://127.0.0.1:3/token', { method: 'POST' }));
  assert.partialDeepStrictEqual(events.slice(-1), [{ event: 'provider.unavailable', reason: 'tokenx: ECONNREFUSED' }]);
  assert.deepEqual(told, [
    { event: 'provider.unavailable', provider: 'idporten', client_id: 'client-1', reason: 'other: ECONNREFUSED' },
  ]);
});
