import assert from 'node:assert/strict';
import { rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { mountVariables, writeVariables } from '../../src/sidecar/testing/folders.ts';
import { until } from '../until.ts';
import {
  keys,
  next,
  POLL_MS,
  QUIET_MS,
  MACHINE,
  openStage,
  tokenOf,
  part,
  readiness,
  reloads,
  jwk,
} from './sidecar-reload-stage.ts';

/* Credentials that change while a sidecar serves (sidecar-sdk.md 3.8). */

test('a mount that is swapped is read within 30 s: the new key signs, and cached tokens stay (3.8)', async (t) => {
  const { folder, provider, sidecar, timers, client } = await openStage(t);
  const cached = await tokenOf(sidecar);
  assert.equal(part(provider.forms[0], 0)['kid'], 'client-key');
  await mountVariables(folder, { ...client, AZURE_APP_JWK: `${jwk(next)}\n` });
  timers.fire(POLL_MS);
  await until(() => reloads(sidecar).length === 1);
  assert.equal(await tokenOf(sidecar), cached);
  assert.equal(provider.forms.length, 1);
  await tokenOf(sidecar, { target: 'other' });
  assert.equal(part(provider.forms[1], 0)['kid'], 'next-key');
  assert.deepEqual(reloads(sidecar), ['success']);
});

test('what a watcher notices is read after 250 ms of quiet, whatever takes the place of the folder (3.8)', async (t) => {
  const { folder, sidecar, timers, client } = await openStage(t, async (link, variables) => {
    await writeVariables(`${link}-1`, variables);
    await symlink(`${link}-1`, link);
  });
  const noticed = (): boolean => timers.waiting().includes(QUIET_MS);
  await writeVariables(`${folder}-2`, { ...client, AZURE_APP_JWK: jwk(next) });
  await until(noticed);
  timers.fire(QUIET_MS);
  await sidecar.readAgain();
  assert.deepEqual(reloads(sidecar), [], 'nothing leads to it yet');
  await symlink(`${folder}-2`, `${folder}.tmp`);
  await rename(`${folder}.tmp`, folder);
  await until(noticed);
  timers.fire(QUIET_MS);
  await until(() => reloads(sidecar).length === 1);
  await writeFile(join(folder, 'AZURE_APP_JWK'), jwk(keys.client));
  await until(noticed);
  timers.fire(QUIET_MS);
  await until(() => reloads(sidecar).length === 2);
});

test('a file wins over the environment, without its last newline; empty and unknown ones say nothing (3.8)', async (t) => {
  const { folder, provider, sidecar, client } = await openStage(t);
  await mountVariables(folder, {
    ...client,
    TOKEN_X_CLIENT_ID: 'local:fleet:renamed\r\n',
    MASKINPORTEN_CLIENT_ID: '',
    FULLMAKT_SIDECAR_SECRET_DIRS: '/elsewhere',
    AZURE_APP_CLIENT_SECRET: 'nobody reads this',
    '.hidden': 'nor this',
  });
  await sidecar.readAgain();
  const exchange = { identity_provider: 'tokenx', target: 'a:b:c', user_token: 'x.y.z' };
  assert.equal((await sidecar.post('/token/exchange', exchange)).status, 200);
  assert.equal(part(provider.forms[0], 1)['iss'], 'local:fleet:renamed');
  const { reload } = await readiness(sidecar);
  assert.deepEqual([reload['outcome'], reload['needs_restart']], ['success', undefined]);
});

test('S2 entry added, changed, broken, removed: providers come and go with their variables (8.1)', async (t) => {
  const { folder, provider, sidecar, client } = await openStage(t);
  const before = await tokenOf(sidecar);
  // Removed: what is off says so, and takes nobody along.
  await mountVariables(folder, { ...client, AZURE_ENABLED: 'false' });
  await sidecar.readAgain();
  assert.equal((await sidecar.post('/token', MACHINE)).status, 400);
  assert.equal((await sidecar.post('/token', { ...MACHINE, identity_provider: 'maskinporten' })).status, 200);
  // Added again: its tokens were dropped with it.
  await mountVariables(folder, client);
  await sidecar.readAgain();
  const after = await tokenOf(sidecar);
  assert.notEqual(after, before);
  // Broken: the one before stays in force.
  await mountVariables(folder, { ...client, AZURE_APP_JWK: '{"kty":"EC"' });
  await sidecar.readAgain();
  assert.equal(await tokenOf(sidecar), after);
  const { status, reload } = await readiness(sidecar);
  assert.equal(status, 200);
  assert.equal(reload['outcome'], 'failure');
  assert.match(String(reload['problems']), /AZURE_APP_JWK/);
  assert.doesNotMatch(JSON.stringify([reload, sidecar.events]), /"kty/);
  // Told once, however often it is read.
  await sidecar.readAgain();
  await sidecar.readAgain();
  // Changed: another client shares nothing with the one before.
  await mountVariables(folder, { ...client, AZURE_APP_CLIENT_ID: 'other-client' });
  await sidecar.readAgain();
  const calls = provider.forms.length;
  assert.notEqual(await tokenOf(sidecar), after);
  assert.equal(provider.forms.at(calls)?.get('client_id'), 'other-client');
  await mountVariables(folder, client);
  await sidecar.readAgain();
  assert.notEqual(await tokenOf(sidecar), after, 'what was dropped does not come back');
  assert.deepEqual(reloads(sidecar), ['success', 'success', 'failure', 'success', 'success']);
});

test('listeners and bounds wait for a restart, and readiness says which (3.8)', async (t) => {
  const { folder, sidecar, client } = await openStage(t);
  const changes = {
    BIND_ADDRESS: '127.0.0.1:1',
    FULLMAKT_SIDECAR_CACHE_MAX_BYTES: '1000000',
    FULLMAKT_SIDECAR_TARGETS: 'only:this:one',
  };
  await mountVariables(folder, { ...client, ...changes });
  await sidecar.readAgain();
  const { reload } = await readiness(sidecar);
  assert.deepEqual(reload['needs_restart'], ['BIND_ADDRESS', 'FULLMAKT_SIDECAR_CACHE_MAX_BYTES']);
  assert.equal((await sidecar.post('/token', MACHINE)).status, 400, 'targets are in force at once');
  await tokenOf(sidecar, { target: 'only:this:one' });
});
