import assert from 'node:assert/strict';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeRunFolder, removeOtherRunFolders } from '../../src/registrar/sinks/run-folder.ts';
import { startDaemon } from '../../src/sidecar/testing/daemon.ts';
import { temporaryFolder } from '../../src/sidecar/testing/folders.ts';
import { json } from '../../src/web/http.ts';
import { until } from '../until.ts';
import { otherKey, openWorld, write, written, tokenOf, isDown, told, problemOf } from './sidecar-daemon-world.ts';

/* Folders of applications that come, change, break and go while a sidecar serves them (sidecar-sdk.md 3.8). */

test('S2 entry added, changed, broken, removed: folders come and go without a restart (8.1)', async (t) => {
  const it = await openWorld(t);
  const first = await written(it, 'team/first');
  const daemon = await it.start();
  const kept = await tokenOf(first);
  const second = await it.plan('team/second');
  await mkdir(second.folder, { recursive: true });
  await daemon.daemon.readAgain();
  assert.match(problemOf(daemon, 'team/second'), /env cannot be read/);
  await write(second);
  daemon.timers.fire(30_000);
  await until(async () => !(await isDown(second)));
  await tokenOf(second);
  // Changed: another key signs, cached tokens stay.
  await write({ ...second, credentials: { ...second.credentials, AZURE_APP_JWK: JSON.stringify(otherKey) } });
  await daemon.daemon.readAgain();
  await tokenOf(second, { target: 'other' });
  const [header = ''] = it.provider.forms.at(-1)?.get('client_assertion')?.split('.') ?? [];
  assert.match(Buffer.from(header, 'base64url').toString(), /other-key/);
  // Broken: as it was, and says so.
  await write({ ...second, credentials: { ...second.credentials, AZURE_APP_JWK: 'no key' } });
  await daemon.daemon.readAgain();
  const calls = it.provider.forms.length;
  await tokenOf(second, { target: 'other' });
  assert.equal(it.provider.forms.length, calls);
  const shown = (await daemon.readiness('?app=team/second')).body;
  assert.match(JSON.stringify(shown['reload']), /failure.*AZURE_APP_JWK/);
  assert.doesNotMatch(JSON.stringify(shown['reload']), /needs_restart/);
  assert.equal((await daemon.readiness()).status, 200);
  // Removed: its listener is gone, the other application has noticed nothing.
  await rm(second.folder, { recursive: true });
  await daemon.daemon.readAgain();
  await until(() => isDown(second));
  assert.equal(await tokenOf(first), kept);
  assert.deepEqual(told(daemon), [
    'team/first opened',
    'team/second refused',
    'team/second opened',
    'team/second closed',
  ]);
  assert.equal((await daemon.readiness('?app=team/second')).status, 404);
});

test('a removed app finishes its requests and takes no more (3.8)', async (t) => {
  const it = await openWorld(t);
  const app = await written(it, 'a/app');
  const daemon = await it.start();
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  it.provider.answer = async () => {
    asked.resolve();
    await answer.promise;
    return json(200, { access_token: 'late', token_type: 'Bearer', expires_in: 600 });
  };
  const underWay = tokenOf(app);
  await asked.promise;
  await rm(app.folder, { recursive: true });
  await daemon.daemon.readAgain();
  await until(() => isDown(app));
  answer.resolve();
  assert.equal(await underWay, 'late');
});

test('what the registrar writes is what the daemon serves, with a change and a removal (manifest.md C1)', async (t) => {
  const state = temporaryFolder(t);
  const it = await openWorld(t);
  const plan = await it.plan('team/app');
  const environment = (client: string): Parameters<typeof writeRunFolder>[2] => ({
    app: plan.env,
    sidecar: { ...plan.credentials, AZURE_APP_CLIENT_ID: client },
    login: {},
    mounts: { azure: {}, jwker: {}, maskinporten: {}, idporten: {} },
  });
  const id = 'local:team:app' as Parameters<typeof writeRunFolder>[1];
  await writeRunFolder(state, id, environment('one'));
  const daemon = await startDaemon(t, join(state, 'run'));
  await tokenOf(plan);
  await writeRunFolder(state, id, environment('two'));
  await until(() => daemon.timers.waiting().includes(250));
  daemon.timers.fire(250);
  await until(() => daemon.events.some(({ event }) => event === 'sidecar.reload'));
  await tokenOf(plan);
  assert.deepEqual(
    it.provider.forms.map((form) => form.get('client_id')),
    ['one', 'two'],
  );
  await removeOtherRunFolders(state, []);
  await daemon.daemon.readAgain();
  await until(() => isDown(plan));
});

test('invalid_client reads the folder of that app again (3.3)', async (t) => {
  const it = await openWorld(t);
  const [app, other] = [await written(it, 'a/app'), await written(it, 'b/other')];
  const daemon = await it.start();
  it.provider.answer = (call) =>
    call === 1
      ? json(401, { error: 'invalid_client' })
      : json(200, { access_token: 'new', token_type: 'Bearer', expires_in: 600 });
  const changed = { AZURE_APP_JWK: JSON.stringify(otherKey) };
  for (const each of [app, other]) await write({ ...each, credentials: { ...each.credentials, ...changed } });
  assert.equal(await tokenOf(app), 'new');
  assert.deepEqual(
    daemon.events.flatMap((each) => (each.event === 'sidecar.reload' ? [each.of] : [])),
    ['a/app'],
  );
});

test('when the folder of all apps is gone they are served as before, and are followed again when it is back', async (t) => {
  const it = await openWorld(t);
  const app = await written(it, 'a/app');
  const daemon = await it.start();
  await rename(it.root, `${it.root}-away`);
  await daemon.daemon.readAgain();
  await tokenOf(app);
  const { status, body } = await daemon.readiness();
  assert.deepEqual([status, typeof body['problem']], [200, 'string']);
  await rename(`${it.root}-away`, it.root);
  await rm(app.folder, { recursive: true });
  await daemon.daemon.readAgain();
  await until(() => isDown(app));
});

test('a folder of all apps, or of one, that holds nothing any more is a volume that is away: nobody is closed (3.8)', async (t) => {
  const it = await openWorld(t);
  const app = await written(it, 'a/app');
  const daemon = await it.start();
  await tokenOf(app);
  await rename(join(it.root, 'a'), `${it.root}-away`);
  await daemon.daemon.readAgain();
  await tokenOf(app);
  const { status, body } = await daemon.readiness();
  assert.equal(status, 200);
  assert.match(String(body['problem']), /is empty/);
  await daemon.daemon.readAgain();
  const failures = daemon.events.filter(({ event }) => event === 'sidecar.reload');
  assert.equal(failures.length, 1, 'told once');
  await rename(`${it.root}-away`, join(it.root, 'a'));
  await daemon.daemon.readAgain();
  assert.equal((await daemon.readiness()).body['problem'], undefined);
  await rm(join(app.folder, 'sidecar'), { recursive: true });
  await mkdir(join(app.folder, 'sidecar'));
  await daemon.daemon.readAgain();
  await tokenOf(app);
  assert.match(problemOf(daemon, 'a/app'), /sidecar holds no variable/);
});
