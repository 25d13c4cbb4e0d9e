import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bench, manifest } from './testing/bench.ts';
import { api, CITIZEN, front } from './testing/citizen.ts';

test('an app that holds its own keys gets current and next key and secret of Entra, the key ids in the form of thumbprints', async (t) => {
  const keys = { 'a/api.yaml': `${CITIZEN['a/api.yaml']}  identity: {mode: keys}\n` };
  const { registrar, registry } = bench(t, { ...CITIZEN, ...keys });
  await registrar.start();
  const client = registry.snapshot().clientOf(api, 'azure');
  assert.ok(client?.registration.provider === 'azure');
  assert.equal(client.keys.length, 2);
  assert.equal(client.registration.secretHashes.length, 2);
  assert.equal(client.registration.tenant, 'tenant-1');
  for (const { kid } of client.keys) assert.match(kid, /^[A-Za-z0-9_-]{27}$/);
  const variables = registrar.environmentOf(api)?.app ?? {};
  assert.equal(variables['AZURE_APP_CERTIFICATE_KEY_ID'], client.keys[0]?.kid);
  assert.equal(JSON.parse(variables['AZURE_APP_NEXT_JWK'] ?? '').kid, client.keys[1]?.kid);
  assert.equal(JSON.parse(variables['AZURE_APP_JWKS'] ?? '').keys.length, 1);
  assert.notEqual(variables['AZURE_APP_NEXT_CLIENT_SECRET'], undefined);
});

test('private parts are sealed at rest and in files of their owner only (C1, C5)', async (t) => {
  const { registrar, registry, dir } = bench(t, CITIZEN);
  await registrar.start();
  const sidecar = registrar.environmentOf(front)?.sidecar ?? {};
  const secret: unknown = JSON.parse(sidecar['TOKEN_X_PRIVATE_JWK'] ?? '').d;
  assert.ok(typeof secret === 'string' && secret.length > 100);
  for (const key of await registry.keys()) assert.ok(!key.sealedPrivate?.includes(secret));
  const state = join(dir, '.fullmakt');
  assert.equal(statSync(state).mode & 0o777, 0o700);
  assert.equal(readFileSync(join(state, '.gitignore'), 'utf8'), '*\n');
  for (const file of ['kek', 'run/a/front/env', 'run/a/front/env.json', 'run/a/front/sidecar/TOKEN_X_PRIVATE_JWK']) {
    assert.equal(statSync(join(state, file)).mode & 0o777, 0o600, file);
  }
  assert.equal(statSync(join(state, 'run/a/front')).mode & 0o777, 0o700);
  assert.ok(!readFileSync(join(state, 'status/a/front.json'), 'utf8').includes('"d"'));
  assert.deepEqual(readdirSync(join(state, 'run/a/front/nais.io/jwker')).toSorted().slice(0, 2), [
    'FULLMAKT_INBOUND_APPS',
    'TOKEN_X_CLIENT_ID',
  ]);
});

test('the next keys are made after the start, one by one, and change no variable', async (t) => {
  const { registrar, registry, events } = bench(t, CITIZEN, undefined, { nextKeysAfterSeconds: 0 });
  await registrar.start();
  const before = [registrar.environmentOf(api), registrar.environmentOf(front)];
  const keepAlive = setTimeout(() => {}, 10_000);
  await new Promise<void>((resolve) => {
    const look = async (): Promise<void> => {
      const made = await registry.keys();
      if (made.filter(({ kind, state }) => kind === 'jwk' && state === 'next').length < 4) return;
      leave();
      resolve();
    };
    const leave = registry.onChange(() => void look());
  });
  clearTimeout(keepAlive);
  for (const [app, provider] of [
    [api, 'tokenx'],
    [api, 'azure'],
    [front, 'tokenx'],
    [front, 'idporten'],
  ] as const) {
    const keys = await registry.keys(app);
    const states = keys.filter((key) => key.provider === provider && key.kind === 'jwk').map(({ state }) => state);
    assert.deepEqual(states, ['current', 'next'], `${app} ${provider}`);
    assert.equal(registry.snapshot().clientOf(app, provider)?.keys.length, 2);
  }
  const { version } = registry.snapshot();
  assert.deepEqual((await registrar.apply()).environments, []);
  assert.equal(registry.snapshot().version, version);
  assert.deepEqual([registrar.environmentOf(api), registrar.environmentOf(front)], before);
  await registrar.close();
  assert.equal(events.filter((event) => event.event === 'key.created' && event.state === 'next').length, 4);
});

test('a key-encryption key that is not the one of the rows is a clear error', async (t) => {
  const { registrar, dir, again } = bench(t, { 'a/api.yaml': manifest('api', 'tokenx: {enabled: true}') });
  await registrar.start();
  writeFileSync(join(dir, '.fullmakt/kek'), 'damaged');
  assert.throws(again, { name: 'KeyEncryptionKeyUnusable' });
  writeFileSync(join(dir, '.fullmakt/kek'), `${'0'.repeat(64)}\n`);
  await assert.rejects(again().start(), { name: 'KeyEncryptionKeyUnusable' });
});
