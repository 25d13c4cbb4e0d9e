import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryRegistry } from '../../registry/registry.ts';
import { issuerRow } from './issuer-rows.ts';
import { parseTrustedIssuers } from './trusted-issuer.ts';
import { openSubjectIssuers } from '../testing/subject-issuers.ts';

const now = (): number => 1000;
const unusable = { keys: [{ kty: 'oct', kid: 'x', k: 'AAAA' }] };

test('6.1: an issuer whose own keys cannot be used is refused where it is configured', () => {
  const row = { name: 'b', issuer: 'https://b.example.test', jwks: unusable, bind: 'any' };
  assert.throws(() => parseTrustedIssuers([row]), /private or symmetric/);
});

test('N07, 6.1: an issuer that is removed is so from the next version on, whatever else that version brings', async (t) => {
  const registry = createMemoryRegistry({ now });
  const good = { name: 'a', issuer: 'https://a.example.test', jwks: { keys: [] }, bind: 'any' as const };
  await registry.commit(0, { putIssuers: [issuerRow(good)] });
  const found = openSubjectIssuers(t, { registry, now });
  assert.equal(typeof found.find('https://a.example.test'), 'object');
  const bad = { ...good, name: 'b', issuer: 'https://b.example.test', jwks: unusable };
  const committed = await registry.commit(1, { removeIssuers: ['a'], putIssuers: [issuerRow(bad)] }).catch(String);
  assert.equal(found.find('https://a.example.test'), undefined);
  assert.equal(found.find('https://b.example.test'), undefined);
  assert.equal(committed, 'ok');
});
