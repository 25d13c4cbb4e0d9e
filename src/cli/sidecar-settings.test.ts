import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { parseServerArguments } from './server-arguments.ts';
import { sidecarSetUp } from './sidecar-settings.ts';
import type { SidecarSetUp } from './sidecar-settings.ts';

async function setUp(env: Readonly<Record<string, string>>, args: readonly string[] = []): Promise<SidecarSetUp> {
  return await sidecarSetUp(parseServerArguments('sidecar', args), env, '.');
}

const IDPORTEN = {
  IDPORTEN_AUDIENCE: 'https://api.example',
  IDPORTEN_ISSUER: 'https://idporten.example',
  IDPORTEN_JWKS_URI: 'https://idporten.example/jwks',
};

test('variables of a provider whose switch is not set are one warning that names the switch (4)', async () => {
  const { warnings, providers } = await setUp({ AZURE_APP_CLIENT_ID: 'me', AZURE_ENABLE: 'true', ...IDPORTEN });
  assert.deepEqual(providers, []);
  assert.equal(warnings.length, 1);
  assert.match(warnings.join(), /AZURE_ENABLED \(AZURE_APP_CLIENT_ID is set\), IDPORTEN_ENABLED/);
});

test('a switch that says false is no warning, nor is a provider that is on (4)', async () => {
  const { warnings, providers } = await setUp({ AZURE_APP_CLIENT_ID: 'me', AZURE_ENABLED: 'false' });
  assert.deepEqual([warnings, providers], [[], []]);
  const on = await setUp({ ...IDPORTEN, IDPORTEN_ENABLED: 'true' });
  assert.deepEqual([on.warnings, on.providers], [[], ['idporten']]);
});

test('a flag that is no setting is told the nearest one, and where all of them are', async () => {
  await assert.rejects(
    setUp({}, ['--bogus', 'x']),
    /--bogus is not a setting of this program \(fullmakt sidecar --help\)$/,
  );
  await assert.rejects(setUp({}, ['--allow-remot']), /did you mean --allow-remote\?/);
});

test('a variable that is no setting stops the start with the nearest one, those of other programs do not (3.8)', async () => {
  const misspelt = { FULLMAKT_SIDECAR_TARGET: 'hush', FULLMAKT_SIDECAR_BIND_ADDRESS: 'hush' };
  await assert.rejects(setUp(misspelt), (error: Error) => {
    assert.match(error.message, /FULLMAKT_SIDECAR_TARGET is not a setting .*did you mean FULLMAKT_SIDECAR_TARGETS\?/);
    assert.match(error.message, /FULLMAKT_SIDECAR_BIND_ADDRESS is not a setting .*did you mean BIND_ADDRESS\?/);
    assert.doesNotMatch(error.message, /hush/);
    return true;
  });
  assert.deepEqual(
    (await setUp({ FULLMAKT_LOGIN_X: 'x', FULLMAKT_ISSUER: 'x', FULLMAKT_INBOUND_APPS: '[]' })).warnings,
    [],
  );
});

test('a folder without a variable is a warning at the start, and is named beside what is missing for want of it (3.8)', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fullmakt-empty-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const empty = { FULLMAKT_SIDECAR_SECRET_DIRS: folder };
  assert.deepEqual((await setUp(empty)).warnings, [`${folder} holds no variable: is its volume there?`]);
  await assert.rejects(setUp({ ...empty, IDPORTEN_ENABLED: 'true' }), (error: Error) => {
    assert.match(error.message, /IDPORTEN_AUDIENCE/);
    assert.ok(error.message.includes(`${folder} holds no variable`), error.message);
    return true;
  });
});

async function where(env: Readonly<Record<string, string>>): Promise<unknown> {
  return (await setUp(env)).effective['bind-address'];
}

test('what is in force says where the sidecar listens, also where nobody named a place (4)', async () => {
  assert.deepEqual(await where({}), { host: '127.0.0.1', port: 3000 });
  assert.deepEqual(await where({ BIND_ADDRESS: '127.0.0.1:7164' }), { host: '127.0.0.1', port: 7164 });
  assert.equal(await where({ FULLMAKT_SIDECAR_SOCKET: '/run/app/tokens.sock' }), undefined);
  assert.equal(await where({ FULLMAKT_SIDECAR_APPS_DIR: '/srv/apps' }), undefined);
});
