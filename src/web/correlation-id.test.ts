import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { newCorrelationId } from './correlation-id.ts';

test('a correlation id never looks like a national identity number, which no log would show', () => {
  const made = [
    '811f465e-ef79-499b-bf29-01819090285c',
    '811f465e-ef79-499b-bf29-a12345678901',
    '811f465e-ef79-499b-bf29-123456789012',
    '811f465e-ef79-499b-bf29-1234567890ab',
  ];
  assert.equal(
    newCorrelationId(() => made.shift() ?? ''),
    '811f465e-ef79-499b-bf29-1234567890ab',
  );
  assert.match(newCorrelationId(), /^[0-9a-f-]{36}$/);
});

test('eleven digits in a row are found wherever they stand in a UUID, and ten are not', () => {
  const digit = fc.integer({ min: 0, max: 10 }).map((value) => value.toString(16));
  const last = fc.string({ unit: digit, minLength: 12, maxLength: 12 });
  fc.assert(
    fc.property(last, (group) => {
      const made = [`01234567-8901-4345-8789-${group}`, 'another'];
      const id = newCorrelationId(() => made.shift() ?? '');
      assert.equal(id === 'another', /\d{11}/.test(group));
    }),
    { numRuns: 1000 },
  );
});
