import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createObserver } from '../observe/observer.ts';
import { createMemoryRegistry } from '../registry/registry.ts';
import { exchangeEvents } from './record/event-table.ts';
import { issuerRow, seedIssuers } from './subject/issuer-rows.ts';
import { createSubjectIssuers } from './subject/subject-issuers.ts';

/** Every figure the server promises, with its labels. */
const FIGURES: Readonly<Record<string, readonly string[]>> = {
  requests_total: ['grant', 'outcome', 'reason'],
  duration_seconds: ['grant', 'outcome'],
  edge_tokens_total: ['client_id', 'audience'],
  token_endpoint_aud_total: ['client_id'],
  ignored_parameters_total: [],
  replay_total: ['result'],
  replay_seconds: [],
  registry_version: [],
  registry_age_seconds: [],
  jwks_fetch_total: ['issuer', 'result'],
  jwks_age_seconds: ['issuer'],
  issuer_bind_any: ['issuer'],
  signing_key_age_seconds: ['alg'],
  key_state: ['kid', 'state'],
  deny_list_entries: [],
  audit_seconds: [],
};

const now = (): number => 1000;
const noFetch = (): Promise<Response> => Promise.reject(new Error('nothing to fetch'));

test('L5: every figure is there under its name and with its labels', () => {
  const metrics = Object.values(exchangeEvents).flatMap(({ counter, histogram, gauge }) =>
    [counter, histogram, gauge].filter((metric) => metric !== undefined),
  );
  for (const [name, labels] of Object.entries(FIGURES)) {
    const found = metrics.find((metric) => metric.name === `fullmakt_exchange_${name}`);
    assert.deepEqual(found?.labels, labels, name);
  }
});

test('L5: an issuer whose tokens are taken whoever they were issued to shows while it is one', async (t) => {
  const bound = { name: 'a', issuer: 'https://a.example.test', jwks: { keys: [] }, bind: { aud: ['us'] } };
  const any = { ...bound, bind: 'any' as const };
  const registry = createMemoryRegistry({ now });
  await seedIssuers(registry, [any]);
  const observer = createObserver({ level: 'error', now });
  t.after(() => observer.close());
  const emit = observer.emitter('exchange', exchangeEvents);
  const options = { registry, ownIssuer: 'https://tx.example.test', ownKeys: () => [], fetch: noFetch, now, emit };
  const issuers = createSubjectIssuers(options);
  t.after(() => issuers.close());
  const shown = async (): Promise<string | undefined> =>
    /^fullmakt_exchange_issuer_bind_any\{[^}]*issuer="a"[^}]*\} (\d)$/m.exec(await observer.metrics())?.[1];
  assert.equal(await shown(), '1');
  await registry.commit(registry.snapshot().version, { putIssuers: [issuerRow({ ...any, maxAge: 60 })] });
  assert.equal(await shown(), '1');
  await registry.commit(registry.snapshot().version, { putIssuers: [issuerRow(bound)] });
  assert.equal(await shown(), '0');
});
