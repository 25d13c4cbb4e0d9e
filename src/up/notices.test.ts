import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DomainEvent } from '../observe/events.ts';
import { noticeOf } from './notices.ts';

/** An event with the fields of its own kind. */
function told(event: DomainEvent & Readonly<Record<string, unknown>>): DomainEvent {
  return event;
}

test('a refusal that a manifest could allow is told with the line to add', () => {
  const fix = 'add `- application: batch` under spec.accessPolicy.inbound.rules in apps/fleet/api.yaml:18';
  const event = {
    event: 'exchange.decided',
    caller: 'local:fleet:batch',
    target: 'local:fleet:api',
    reason: 'no-rule',
    fix,
  };
  assert.equal(
    noticeOf('exchange', undefined, event),
    `refused  exchange: local:fleet:batch -> local:fleet:api: no-rule\n         to allow it, ${fix}`,
  );
});

test('a problem in a manifest is told as it is', () => {
  assert.equal(
    noticeOf('registrar', undefined, told({ event: 'manifest.invalid', text: 'a.yaml:1:2 error' })),
    'manifest  a.yaml:1:2 error',
  );
});

test('anything else stays in the log', () => {
  assert.equal(
    noticeOf('exchange', undefined, told({ event: 'exchange.decided', reason: 'no-rule', fix: undefined })),
    undefined,
  );
});
