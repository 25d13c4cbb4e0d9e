import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { generatePrivateJwk } from '../../src/oauth/jwk.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';
import { manualTimers, mountVariables, temporaryFolder, writeVariables } from '../../src/sidecar/testing/folders.ts';
import type { ManualTimers } from '../../src/sidecar/testing/folders.ts';
import { makeKeys, startProvider, startSidecar, testEnv } from '../../src/sidecar/testing/sidecar.ts';
import type { FakeProvider, TestSidecar } from '../../src/sidecar/testing/sidecar.ts';
import { json } from '../../src/web/http.ts';
import { until } from '../until.ts';

/* Credentials that change while a sidecar serves (sidecar-sdk.md 3.8). */

const keys = await makeKeys();
const next = await generatePrivateJwk('ES256', 'next-key');
const POLL_MS = 30_000;
const QUIET_MS = 250;
const MACHINE = { identity_provider: 'entra_id', target: 'local:fleet:api' };

interface Stage {
  readonly folder: string;
  readonly provider: FakeProvider;
  readonly sidecar: TestSidecar;
  readonly timers: ManualTimers;
  /** What the folder says; the rest is in the environment. */
  readonly client: Readonly<Record<string, string>>;
}

/** A sidecar whose client at Entra ID is in a mounted folder and whose other providers are in the environment. */
async function stage(
  t: TestContext,
  write: (folder: string, variables: Readonly<Record<string, string>>) => Promise<void> = mountVariables,
): Promise<Stage> {
  const folder = join(temporaryFolder(t), 'secrets');
  const provider = await startProvider(t, keys);
  const { AZURE_APP_JWK = '', AZURE_APP_CLIENT_ID = '', ...rest } = testEnv(provider.origin, keys);
  const client = { AZURE_APP_JWK, AZURE_APP_CLIENT_ID };
  await write(folder, client);
  const timers = manualTimers();
  const env = { ...rest, FULLMAKT_SIDECAR_SECRET_DIRS: folder, PROBE_BIND_ADDRESS: '127.0.0.1:0' };
  const sidecar = await startSidecar(t, env, timers);
  return { folder, provider, sidecar, timers, client };
}

async function tokenOf(sidecar: TestSidecar, more: object = {}): Promise<string> {
  const response = await sidecar.post('/token', { ...MACHINE, ...more });
  const { access_token: token = '', error_description: fault = '' } = (await response.json()) as Record<string, string>;
  assert.equal(response.status, 200, fault);
  return token;
}

/** The header or the claims of the assertion that a form carries. */
function part(form: URLSearchParams | undefined, at: 0 | 1): Record<string, unknown> {
  const segment = form?.get('client_assertion')?.split('.')[at] ?? '';
  return JSON.parse(Buffer.from(segment, 'base64url').toString()) as Record<string, unknown>;
}

async function readiness(sidecar: TestSidecar): Promise<{ status: number; reload: Record<string, unknown> }> {
  const response = await fetch(`${sidecar.probes}/readyz`);
  const { reload } = (await response.json()) as { reload: Record<string, unknown> };
  return { status: response.status, reload };
}

const reloads = ({ events }: TestSidecar): readonly string[] =>
  events.flatMap((event) => (event.event === 'sidecar.reload' ? [event.outcome] : []));

const jwk = (key: PrivateJwk): string => JSON.stringify(key);

test('a mount that is swapped is read within 30 s: the new key signs, and cached tokens stay (3.8)', async (t) => {
  const { folder, provider, sidecar, timers, client } = await stage(t);
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
  const { folder, sidecar, timers, client } = await stage(t, async (link, variables) => {
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
  const { folder, provider, sidecar, client } = await stage(t);
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
  const { folder, provider, sidecar, client } = await stage(t);
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

test('mended by the very content from before, it says so too (3.8)', async (t) => {
  const { folder, sidecar, client } = await stage(t);
  await mountVariables(folder, { ...client, AZURE_APP_CLIENT_ID: '' });
  await sidecar.readAgain();
  assert.match(String((await readiness(sidecar)).reload['problems']), /AZURE_APP_CLIENT_ID/);
  await mountVariables(folder, client);
  await sidecar.readAgain();
  assert.equal((await readiness(sidecar)).reload['outcome'], 'success');
  assert.deepEqual(reloads(sidecar), ['failure', 'success']);
});

test('what cannot be read changes nothing and stops nothing: pipes, folders, long files, bytes, nothing at all (3.8)', async (t) => {
  const { folder, sidecar, client } = await stage(t, writeVariables);
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
  assert.equal((await readiness(sidecar)).reload['outcome'], 'none');
  await mountVariables(folder, client);
  await sidecar.readAgain();
  const token = await tokenOf(sidecar);
  await mountVariables(folder, {});
  await sidecar.readAgain();
  assert.equal(await tokenOf(sidecar), token);
  assert.deepEqual(reloads(sidecar), ['success', 'failure']);
});

test('a file that is half written is not taken over, the whole one is (3.8)', async (t) => {
  const { folder, provider, sidecar, client } = await stage(t, writeVariables);
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

test('listeners and bounds wait for a restart, and readiness says which (3.8)', async (t) => {
  const { folder, sidecar, client } = await stage(t);
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

test('keys of an issuer that stays are not fetched again, nor is a pause of its token endpoint ended (3.8)', async (t) => {
  const { folder, provider, sidecar, client } = await stage(t);
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
  const { folder, provider, sidecar, client } = await stage(t);
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
  const { folder, provider, sidecar, client } = await stage(t);
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
  const { folder, provider, sidecar, client } = await stage(t);
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

test('a folder that is gone and comes back is followed again (3.8)', async (t) => {
  const { folder, sidecar, timers, client } = await stage(t, writeVariables);
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
