import assert from 'node:assert/strict';
import test from 'node:test';
import { newCorrelationId } from './correlation-id.ts';

test('a correlation id never looks like a national identity number, which no log would show', () => {
  const made = [
    '811f465e-ef79-499b-bf29-01819090285c',
    '811f465e-ef79-499b-bf29-a12345678901',
    '811f465e-ef79-499b-bf29-1234567890ab',
  ];
  assert.equal(
    newCorrelationId(() => made.shift() ?? ''),
    '811f465e-ef79-499b-bf29-1234567890ab',
  );
  assert.match(newCorrelationId(), /^[0-9a-f-]{36}$/);
});
