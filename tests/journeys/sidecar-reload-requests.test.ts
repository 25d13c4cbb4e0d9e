import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mountVariables } from '../../src/sidecar/testing/folders.ts';
import { json } from '../../src/web/http.ts';
import { until } from '../until.ts';
import { keys, next, MACHINE, openStage, tokenOf, part, reloads, jwk } from './sidecar-reload-stage.ts';

/* What requests notice of credentials that change meanwhile (sidecar-sdk.md 3.3, 3.8). */

test('keys of an issuer that stays are not fetched again, nor is a pause of its token endpoint ended (3.8)', async (t) => {
  const { folder, provider, sidecar, client } = await openStage(t);
  const token = await provider.mint({
    iss: `${provider.origin}/entra`,
    aud: client['AZURE_APP_CLIENT_ID'],
    sub: 's',
    iat: sidecar.clock.now,
    exp: sidecar.clock.now + 60,
  });
  const introspect = async (): Promise<unknown> => {
    const body = { identity_provider: 'entra_id', token };
    return ((await (await sidecar.post('/introspect', body)).json()) as Record<string, unknown>)['active'];
  };
  assert.equal(await introspect(), true);
  provider.keySet = () => json(500, {});
  provider.answer = () => json(503, {});
  for (let call = 0; call < 3; call += 1) await sidecar.post('/token', MACHINE);
  await mountVariables(folder, { ...client, AZURE_APP_JWK: jwk(next) });
  await sidecar.readAgain();
  assert.equal(await introspect(), true);
  const calls = provider.forms.length;
  assert.equal((await sidecar.post('/token', MACHINE)).status, 500);
  assert.equal(provider.forms.length, calls, 'the pause goes on');
});

test('invalid_client reads the folders again: a new key gets one more try, signed with it (3.3)', async (t) => {
  const { folder, provider, sidecar, client } = await openStage(t);
  const refused = json(401, { error: 'invalid_client' });
  provider.answer = () =>
    part(provider.forms.at(-1), 0)['kid'] === 'next-key'
      ? json(200, { access_token: 'new', token_type: 'Bearer', expires_in: 600 })
      : refused;
  assert.equal((await sidecar.post('/token', MACHINE)).status, 401);
  assert.equal(provider.forms.length, 1, 'the same key is not tried twice');
  sidecar.clock.now += 2;
  await mountVariables(folder, { ...client, AZURE_APP_JWK: jwk(next) });
  assert.equal(await tokenOf(sidecar), 'new');
  assert.deepEqual(
    provider.forms.map((form) => part(form, 0)['kid']),
    ['client-key', 'client-key', 'next-key'],
  );
  assert.notEqual(part(provider.forms[1], 1)['jti'], part(provider.forms[2], 1)['jti']);
});

test('a request signed just before a swap gets its second try too, though nothing new is read then (3.3)', async (t) => {
  const { folder, provider, sidecar, client } = await openStage(t);
  provider.answer = async (call) => {
    if (call > 1) return json(200, { access_token: 'new', token_type: 'Bearer', expires_in: 600 });
    await mountVariables(folder, { ...client, AZURE_APP_JWK: jwk(next) });
    await sidecar.readAgain();
    return json(401, { error: 'invalid_client' });
  };
  assert.equal(await tokenOf(sidecar), 'new');
  assert.equal(part(provider.forms[1], 0)['kid'], 'next-key');
});

test('S2 reload under load: 0 failures while keys, clients and folders change all the time (8.1)', async (t) => {
  const { folder, provider, sidecar, client } = await openStage(t);
  const token = await provider.mint({
    iss: `${provider.origin}/tokenx`,
    aud: 'local:fleet:api',
    sub: 's',
    iat: sidecar.clock.now,
    exp: sidecar.clock.now + 600,
  });
  const load = { running: true, served: 0 };
  const failed: string[] = [];
  const send = async (path: string, body: object): Promise<void> => {
    const response = await sidecar.post(path, body);
    const text = await response.text();
    if (response.status !== 200 || text.includes('"active":false')) failed.push(`${response.status} ${text}`);
    load.served += 1;
  };
  const workers = Array.from({ length: 8 }, async (_, worker) => {
    for (let at = 0; load.running; at += 1) {
      await send('/token', { ...MACHINE, target: `target-${at % 5}`, skip_cache: (at + worker) % 3 === 0 });
      await send('/introspect', { identity_provider: 'tokenx', token });
    }
  });
  for (let swap = 0; swap < 60; swap += 1) {
    const key = swap % 2 === 0 ? next : keys.client;
    const broken = swap % 7 === 3 ? { AZURE_APP_JWK: '{' } : { AZURE_APP_JWK: jwk(key) };
    const id = swap % 5 === 4 ? { AZURE_APP_CLIENT_ID: `client-${swap}` } : {};
    const issuer = swap % 3 === 1 ? { AZURE_OPENID_CONFIG_ISSUER: `${provider.origin}/entra-${swap}` } : {};
    await mountVariables(folder, { ...client, ...broken, ...id, ...issuer });
    await sidecar.readAgain();
    const served = load.served;
    await until(() => load.served >= served + 8);
  }
  load.running = false;
  await Promise.all(workers);
  assert.deepEqual(failed, []);
  assert.ok(reloads(sidecar).filter((outcome) => outcome === 'success').length >= 50);
  assert.ok(reloads(sidecar).includes('failure'));
});
