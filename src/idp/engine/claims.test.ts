import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { readWantedClaims } from './claims.ts';
import { Refusal } from './refusal.ts';

test('openid: a claims request tells what is wanted where, how much, and with which values (Core 5.5.1)', () => {
  const { userinfo, idToken } = readWantedClaims(
    '{"userinfo":{"name":null,"email":{"essential":true}},"id_token":{"acr":{"values":["a","b"]},"sub":{"value":"x"}},"other":1}',
  );
  assert.deepEqual(userinfo.get('name'), { essential: false, values: undefined });
  assert.deepEqual(userinfo.get('email'), { essential: true, values: undefined });
  assert.deepEqual(idToken.get('acr'), { essential: false, values: ['a', 'b'] });
  assert.deepEqual(idToken.get('sub'), { essential: false, values: ['x'] });
  assert.equal(readWantedClaims(undefined).userinfo.size, 0);
});

test('openid: any other claims request is refused as malformed, and nothing else is ever thrown', () => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc.record({ userinfo: fc.jsonValue(), id_token: fc.jsonValue() }).map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(text, (sent) => {
      try {
        const { userinfo, idToken } = readWantedClaims(sent);
        assert.ok(userinfo.size + idToken.size >= 0);
      } catch (error) {
        assert.ok(error instanceof Refusal && error.problem === 'claims-malformed');
      }
    }),
  );
});
