import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { activeAnswer } from './claims-text.ts';

test('numbers beyond 2^53 and spellings survive untouched (3.5)', () => {
  assert.equal(
    activeAnswer('{"n":9007199254740993,"e":1e2, "u":"\\u00f8"}'),
    '{"active":true,"n":9007199254740993,"e":1e2,"u":"\\u00f8"}',
  );
  assert.equal(activeAnswer(' {} '), '{"active":true}');
});

test('a claim named active or error is left out however it is spelled (3.5)', () => {
  assert.equal(activeAnswer('{"active":false,"a":1,"err\\u006fr":{"x":[1,"}"]}}'), '{"active":true,"a":1}');
});

test('for any claims the answer parses to them and active true, whatever they hold', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), (claims) => {
      const text = JSON.stringify(claims);
      const parsed = JSON.parse(text) as Record<string, unknown>;
      delete parsed['active'];
      delete parsed['error'];
      assert.deepEqual(JSON.parse(activeAnswer(text)), { ...parsed, active: true });
    }),
    { numRuns: 300 },
  );
});
