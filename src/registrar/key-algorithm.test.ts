import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bench, manifest } from './testing/bench.ts';

test('with ES256 chosen for TokenX, keys that a sidecar signs with are P-256, those an app holds itself stay RSA (section 8)', async (t) => {
  const files = {
    'team/kept.yaml': manifest('kept', 'tokenx: {enabled: true}'),
    'team/held.yaml': manifest('held', 'tokenx: {enabled: true}\nidentity: {mode: keys}'),
    'team/entra.yaml': manifest('entra', 'azure: {application: {enabled: true}}'),
  };
  const { registrar, registry } = bench(t, files, undefined, { tokenxKeyAlgorithm: 'ES256' });
  await registrar.start();
  const kinds = (await registry.keys()).filter(({ kind }) => kind === 'jwk');
  const made = kinds.map(({ app, alg, publicJwk }) => `${app} ${alg} ${publicJwk?.kty}`);
  assert.deepEqual(made.toSorted(), [
    'local:team:entra RS256 RSA',
    'local:team:held RS256 RSA',
    'local:team:kept ES256 EC',
  ]);
});
