import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isLoopback } from '../door/front-door.ts';
import { isPlaceOf, placeOf } from './app-place.ts';

const claims = (endpoint: string): readonly string[] | undefined => {
  const place = placeOf({ NAIS_TOKEN_ENDPOINT: endpoint });
  return typeof place === 'object' ? place.claims : undefined;
};

test('an application is served at loopback addresses only, spelled as a token endpoint is (3.8)', () => {
  assert.deepEqual(claims('http://127.0.0.1:7171/api/v1/token'), ['127.0.0.1:7171']);
  assert.deepEqual(claims('http://[::1]:7171/api/v1/token'), ['[::1]:7171']);
  assert.deepEqual(claims('http://localhost:7171/api/v1/token'), ['127.0.0.1:7171', '[::1]:7171']);
  const refused = [
    'http://127.0.0.1:0/api/v1/token',
    'http://127.0.0.1:7171/api/v1/token?a',
    'http://127.0.0.1:7171/api/v1/token#a',
    'http://user@127.0.0.1:7171/api/v1/token',
    'http://127.0.0.1:7171/other',
    'http://127.1:7171/api/v1/token',
    'http://2130706433:7171/api/v1/token',
    'http://localhost.example:7171/api/v1/token',
    'http://127.0.0.1.example:7171/api/v1/token',
    'http://[::ffff:127.0.0.1]:7171/api/v1/token',
    'nonsense',
  ];
  for (const endpoint of refused) assert.equal(claims(endpoint), undefined, endpoint);
  assert.equal(placeOf({}), undefined);
});

test('whatever a token endpoint says, what it claims is loopback and what it says (3.8)', () => {
  const host = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.ipV6().map((ip) => `[${ip}]`),
    fc.constant('127.3.2.1'),
  );
  fc.assert(
    fc.property(fc.oneof(host, fc.string()), fc.nat(70_000), (name, port) => {
      for (const claim of claims(`http://${name}:${port}/api/v1/token`) ?? []) {
        const [, address = '', at] = /^(.*):(\d+)$/.exec(claim) ?? [];
        assert.ok(isLoopback(address === '[::1]' ? '::1' : address), claim);
        assert.equal(at, String(port));
      }
    }),
  );
});

const at = (host: string, port = 7165): readonly boolean[] =>
  ['127.0.0.1:7165', '[::1]:7165', '127.0.0.2:7165', '127.0.0.1:7166', 'unix:/run/a:7165'].map((claim) =>
    isPlaceOf(claim, { host, port }),
  );

test('a place is taken by a listener at its address, at a name that stands for it, or at all addresses', () => {
  assert.deepEqual(at('127.0.0.1'), [true, false, false, false, false]);
  assert.deepEqual(at('::1'), [false, true, false, false, false]);
  assert.deepEqual(at('localhost'), [true, true, false, false, false]);
  for (const all of ['0.0.0.0', '::']) assert.deepEqual(at(all), [true, true, true, false, false]);
  assert.deepEqual(at('127.0.0.1', 0), [false, false, false, false, false]);
  assert.equal(isPlaceOf('127.0.0.1:7165', undefined), false);
});
