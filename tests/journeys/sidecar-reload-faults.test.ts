import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { manualTimers, mountVariables, temporaryFolder, writeVariables } from '../../src/sidecar/testing/folders.ts';
import { startProvider, startSidecar, testEnv } from '../../src/sidecar/testing/sidecar.ts';
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
import type { Stage } from './sidecar-reload-stage.ts';

/* Credentials that cannot be read, or are not there, while a sidecar serves (sidecar-sdk.md 3.8). */

test('credentials that are mended by the very content from before are told of too (3.8)', async (t) => {
  const { folder, sidecar, client } = await openStage(t);
  await mountVariables(folder, { ...client, AZURE_APP_CLIENT_ID: '' });
  await sidecar.readAgain();
  assert.match(String((await readiness(sidecar)).reload['problems']), /AZURE_APP_CLIENT_ID/);
  await mountVariables(folder, client);
  await sidecar.readAgain();
  assert.equal((await readiness(sidecar)).reload['outcome'], 'success');
  assert.deepEqual(reloads(sidecar), ['failure', 'success']);
});

test('what cannot be read changes nothing and stops nothing: pipes, folders, long files, bytes, nothing at all (3.8)', async (t) => {
  const { folder, sidecar, client } = await openStage(t, writeVariables);
  const file = join(folder, 'AZURE_APP_JWK');
  const cases: readonly [says: RegExp, write: () => Promise<unknown>][] = [
    [/is no file/, async () => execFileSync('mkfifo', [file])],
    [/is no file/, () => mkdir(file)],
    [/longer than 65536/, () => writeFile(file, 'x'.repeat(65_537))],
    [/not UTF-8/, () => writeFile(file, Buffer.from([0xc3, 0x28]))],
    [/zero byte/, () => writeFile(file, 'a\0b')],
    [/ENOENT/, () => symlink('nowhere', file)],
    [/ENOENT/, () => rm(folder, { recursive: true })],
  ];
  const token = await tokenOf(sidecar);
  for (const [says, write] of cases) {
    await rm(file, { recursive: true });
    await write();
    await sidecar.readAgain();
    assert.match(String((await readiness(sidecar)).reload['problems']), says);
    assert.equal(await tokenOf(sidecar), token);
  }
  await writeVariables(folder, client);
  await sidecar.readAgain();
  assert.equal((await readiness(sidecar)).reload['outcome'], 'success');
});

/** All that is said of Entra ID, the switch too, is in the folder; what is empty there may say nothing at all. */
async function fed(
  t: TestContext,
  write: (folder: string, client: Readonly<Record<string, string>>) => Promise<void>,
): Promise<Stage> {
  const folder = join(temporaryFolder(t), 'secrets');
  const provider = await startProvider(t, keys);
  const env = testEnv(provider.origin, keys);
  const names = Object.keys(env).filter((name) => name.startsWith('AZURE_'));
  const client = Object.fromEntries(names.map((name) => [name, env[name] ?? '']));
  await write(folder, client);
  const rest = Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)));
  const timers = manualTimers();
  const said = { ...rest, FULLMAKT_SIDECAR_SECRET_DIRS: folder, PROBE_BIND_ADDRESS: '127.0.0.1:0' };
  return { folder, provider, sidecar: await startSidecar(t, said, timers), timers, client };
}

test('a folder that held variables and holds none is a volume that is away: its providers stay on (3.8)', async (t) => {
  const { folder, sidecar, client } = await fed(t, writeVariables);
  const token = await tokenOf(sidecar);
  const empty: readonly (() => Promise<unknown>)[] = [
    () => rm(folder, { recursive: true }).then(() => mkdir(folder)),
    () => writeVariables(folder, Object.fromEntries(Object.keys(client).map((name) => [name, '']))),
    () => rm(folder, { recursive: true }).then(() => writeVariables(folder, { 'some-other-file': 'x' })),
  ];
  for (const [at, write] of empty.entries()) {
    await write();
    await sidecar.readAgain();
    assert.equal(await tokenOf(sidecar), token, String(at));
    const { status, reload } = await readiness(sidecar);
    assert.deepEqual([status, reload['outcome']], [200, 'failure'], String(at));
    assert.match(String(reload['problems']), /secrets holds no variable any more/);
    await writeVariables(folder, client);
    await sidecar.readAgain();
    assert.equal((await readiness(sidecar)).reload['outcome'], 'success');
  }
  assert.equal(await tokenOf(sidecar), token);
  await rm(folder, { recursive: true });
  await writeVariables(folder, { AZURE_ENABLED: 'false' });
  await sidecar.readAgain();
  assert.equal((await sidecar.post('/token', MACHINE)).status, 400, 'a switch switches off');
});

test('a folder that is empty at the start may be filled later, and is held to it from then on (3.8)', async (t) => {
  const { folder, sidecar, client } = await fed(t, (place) => mkdir(place).then(() => undefined));
  assert.equal((await sidecar.post('/token', MACHINE)).status, 400);
  await sidecar.readAgain();
  const { status, reload } = await readiness(sidecar);
  assert.deepEqual([status, reload], [200, { outcome: 'none', empty_folders: [folder] }], 'readiness does not hide it');
  await mountVariables(folder, client);
  await sidecar.readAgain();
  assert.equal((await readiness(sidecar)).reload['empty_folders'], undefined);
  const token = await tokenOf(sidecar);
  await mountVariables(folder, {});
  await sidecar.readAgain();
  assert.equal(await tokenOf(sidecar), token);
  assert.deepEqual(reloads(sidecar), ['success', 'failure']);
});

test('a file that is half written is not taken over, the whole one is (3.8)', async (t) => {
  const { folder, provider, sidecar, client } = await openStage(t, writeVariables);
  const file = join(folder, 'AZURE_APP_JWK');
  const whole = jwk(next);
  for (const length of [0, 1, whole.length >> 1, whole.length - 1]) {
    await writeFile(file, whole.slice(0, length));
    await sidecar.readAgain();
    await tokenOf(sidecar, { skip_cache: true });
    assert.equal(part(provider.forms.at(-1), 0)['kid'], 'client-key');
  }
  await writeFile(file, whole);
  await sidecar.readAgain();
  await tokenOf(sidecar, { skip_cache: true });
  assert.equal(part(provider.forms.at(-1), 0)['kid'], 'next-key');
  assert.equal(client['AZURE_APP_CLIENT_ID'], part(provider.forms.at(-1), 1)['iss']);
});

test('a folder that is gone and comes back is followed again (3.8)', async (t) => {
  const { folder, sidecar, timers, client } = await openStage(t, writeVariables);
  await rename(folder, `${folder}-away`);
  timers.fire(POLL_MS);
  await until(() => reloads(sidecar).at(-1) === 'failure');
  await rename(`${folder}-away`, folder);
  await unlink(join(folder, 'AZURE_APP_JWK'));
  await writeVariables(folder, { AZURE_APP_JWK: jwk(next) });
  timers.fire(POLL_MS);
  await until(() => reloads(sidecar).at(-1) === 'success');
  await until(() => !timers.waiting().includes(QUIET_MS) || (timers.fire(QUIET_MS), false));
  await writeVariables(folder, { ...client });
  await until(() => timers.waiting().includes(QUIET_MS));
});
