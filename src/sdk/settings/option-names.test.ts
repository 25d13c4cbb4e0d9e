import assert from 'node:assert/strict';
import test from 'node:test';
import { create, fromEnv } from '../index.ts';
import { ENV } from '../testing/fixtures.ts';
import { tokensFromEnv } from '../tokens.ts';

test('a member that is no option is named with those there are, wherever options go', () => {
  const typo = { env: ENV, leewaySecond: 10 };
  const named = /leewaySecond is not an option; there are .*leewaySeconds/;
  assert.throws(() => fromEnv(typo), named);
  assert.throws(() => create([] as never, typo), named);
  assert.throws(() => tokensFromEnv(typo), named);
});

test('one object of options may go to both, with the member that only one of them reads', () => {
  const both = { env: { ...ENV, NAIS_TOKEN_ENDPOINT: 'http://127.0.0.1:9/token' }, via: 'sidecar' } as const;
  fromEnv(both).close();
  tokensFromEnv(both).close();
});
