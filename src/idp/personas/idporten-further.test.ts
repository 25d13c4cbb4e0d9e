import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Refusal } from '../engine/refusal.ts';
import type { ClientSite } from '../persona.ts';
import { readFurther } from './idporten-further.ts';

// Details are judged without a look at the client.
const nobody = {} as unknown as ClientSite;

function read(text: string): unknown {
  try {
    return readFurther(nobody, new Map([['authorization_details', text]])).authorizationDetails;
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    return error.problem;
  }
}

const detail = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 3 });
const fullmakt = detail.map((members) => ({ ...members, type: 'idporten:fullmakt' }));

test('details: whatever is sent, it is details of the one type or one of two refusals, never anything else (RFC 9396 2)', () => {
  const anything = fc.oneof(
    fc.string(),
    fc.json(),
    fc.array(fc.oneof(detail, fullmakt)).map((list) => JSON.stringify(list)),
  );
  fc.assert(
    fc.property(anything, (text) => {
      const found = read(text);
      if (found === 'details-malformed' || found === 'details-type') return;
      assert.ok(Array.isArray(found) && found.length > 0);
      assert.deepEqual(found, JSON.parse(text));
      for (const each of found) assert.equal(each.type, 'idporten:fullmakt');
    }),
  );
});

test('details: a list of the one type is taken as it is, up to 4096 characters', () => {
  fc.assert(
    fc.property(fc.array(fullmakt, { minLength: 1, maxLength: 4 }), (list) => {
      const text = JSON.stringify(list);
      fc.pre(!text.includes('__proto__') && text.isWellFormed());
      if (text.length > 4096) assert.equal(read(text), 'details-malformed');
      else assert.deepEqual(read(text), JSON.parse(text));
    }),
  );
});
