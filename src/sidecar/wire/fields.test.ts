import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { fakeRequest } from '../../web/testing/fake-request.ts';
import { fieldsIn, readFields, Undecodable } from './fields.ts';
import type { Fields } from './fields.ts';
import { hasMachineFieldsOnly, parseExchangeRequest, parseIntrospectRequest, parseTokenRequest } from './requests.ts';

const TYPES = ['application/json', 'application/x-www-form-urlencoded'] as const;
const PARSERS = [parseTokenRequest, parseExchangeRequest, parseIntrospectRequest];

function read(type: string, body: string | Uint8Array): Promise<Fields> {
  return readFields(fakeRequest({ method: 'POST', headers: { 'content-type': type }, body }), { jsonOnly: false });
}

test('whatever a body holds is a request or is refused as undecodable, never anything else (3.2)', async () => {
  const name = fc.constantFrom(
    'identity_provider',
    'target',
    'token',
    'user_token',
    'skip_cache',
    'authorization_details',
  );
  const json = fc.dictionary(name, fc.jsonValue()).map((value) => JSON.stringify(value));
  const form = fc.array(fc.tuple(name, fc.string())).map((pairs) => new URLSearchParams(pairs).toString());
  const body = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.string(), json, form);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...TYPES), body, async (type, bytes) => {
      for (const parse of PARSERS) {
        try {
          const { provider } = parse(await read(type, bytes));
          assert.equal(typeof provider, 'string');
        } catch (error) {
          assert.ok(error instanceof Undecodable, String(error));
        }
      }
    }),
  );
});

test('both encodings of the same texts are the same request (3.2)', async () => {
  const text = fc.string({ unit: 'binary' });
  await fc.assert(
    fc.asyncProperty(text, text, text, async (target, userToken, other) => {
      const fields = { identity_provider: 'tokenx', target, user_token: userToken, other };
      const [fromJson, fromForm] = await Promise.all([
        read(TYPES[0], JSON.stringify(fields)),
        read(TYPES[1], new URLSearchParams(fields).toString()),
      ]);
      const wanted = { provider: 'tokenx', target, userToken, skipCache: false };
      assert.deepEqual(parseExchangeRequest(fromJson), wanted);
      assert.deepEqual(parseExchangeRequest(fromForm), wanted);
    }),
  );
});

async function asked(details: string): Promise<unknown> {
  const body = `{"identity_provider":"maskinporten","target":"a","authorization_details":${details}}`;
  return parseTokenRequest(await read(TYPES[0], body)).authorizationDetails;
}

test('numbers that would be others on the way to the provider are refused in authorization_details (3.2, RFC 9396)', async () => {
  for (const number of ['1e400', '-1e400', '9007199254740993', '-9007199254740993', '1e30']) {
    for (const details of [`[{"a":{"b":[${number}]}}]`, `"[{\\"a\\":${number}}]"`]) {
      await assert.rejects(asked(details), Undecodable, details);
    }
  }
  assert.deepEqual(await asked('[{"a":9007199254740991,"b":-0.5,"c":1e3}]'), [
    { a: 9007199254740991, b: -0.5, c: 1000 },
  ]);
});

test('a request that holds anything but what a machine token is asked for with says so, in both encodings', () => {
  const fields = {
    identity_provider: 'a',
    target: 'b',
    resource: 'c',
    authorization_details: '[]',
    skip_cache: 'true',
  };
  for (const [more, only] of [
    [{}, true],
    [{ user_token: 'x' }, false],
    [{ token: '' }, false],
    [{ __proto_: 'x' }, false],
  ] as const) {
    const all = { ...fields, ...more };
    assert.equal(hasMachineFieldsOnly(fieldsIn(Buffer.from(JSON.stringify(all)), 'json')), only);
    assert.equal(hasMachineFieldsOnly(fieldsIn(Buffer.from(new URLSearchParams(all).toString()), 'form')), only);
  }
});
