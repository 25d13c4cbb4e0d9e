import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTrustedIssuers } from './trusted-issuer.ts';

test('6.1: a trusted issuer is read strictly: binding required, reserved claims not mappable, nothing unknown', () => {
  const good = { name: 'x', issuer: 'https://x.example.test', jwksUri: 'https://x.example.test/jwks', bind: 'any' };
  assert.deepEqual(parseTrustedIssuers([good]), [good]);
  const bad: readonly object[] = [
    { ...good, bind: undefined },
    { ...good, bind: {} },
    { ...good, map: { sub: { a: 'b' } } },
    { ...good, algs: ['HS256'] },
    { ...good, bindTo: 'any' },
    { ...good, jwksUri: undefined },
    { ...good, issuer: undefined },
  ];
  for (const row of bad) assert.throws(() => parseTrustedIssuers([row]), /a JSON list of issuers/);
});
