import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { importSigningKey } from '../oauth/jwk.ts';
import { appId } from '../registry/app-id.ts';
import { openSqliteRegistry } from '../registry/registry.ts';
import { compileApp } from './compile.ts';
import { createDirectorySource } from './directory.ts';
import { validateTogether } from './validate.ts';
import { createRegistrar } from './registrar.ts';
import { bench, manifest, now, platform, put } from './testing/bench.ts';
import type { Files } from './testing/bench.ts';

const root = mkdtempSync(join(tmpdir(), 'fullmakt-registrar-'));
after(() => rmSync(root, { recursive: true }));
const api = appId('local', 'a', 'api');
const front = appId('local', 'a', 'front');
const CITIZEN: Files = {
  'a/front.yaml': manifest(
    'front',
    'ingresses: [https://front.example.no]\nlogin: {provider: idporten, level: Level3, autoLogin: true}\ntokenx: {enabled: true}',
  ),
  'a/api.yaml': manifest(
    'api',
    'tokenx: {enabled: true}\nazure: {application: {enabled: true, allowAllUsers: true}}\naccessPolicy: {inbound: {rules: [{application: front}]}}',
  ),
};

test('a folder of manifests becomes clients with keys, grants, variables and status', async (t) => {
  const { registrar, registry, events, dir } = bench(t, CITIZEN);
  const outcome = await registrar.start();
  assert.deepEqual(outcome.created, [api, front]);
  assert.deepEqual(outcome.gains, [{ consumer: front, target: api, provider: 'tokenx' }]);
  const snapshot = registry.snapshot();
  const login = snapshot.clientOf(front, 'idporten');
  assert.ok(login?.registration.provider === 'idporten');
  assert.deepEqual(login.registration.redirectUris, ['http://localhost:7500/oauth2/callback']);
  assert.deepEqual(login.registration.postLogoutRedirectUris, ['http://localhost:7500/oauth2/logout/callback']);
  assert.equal(login.registration.frontchannelLogoutUri, 'http://localhost:7500/oauth2/logout/frontchannel');
  assert.equal(login.registration.authorizationLifetime, 21_600);
  assert.match(login.clientId, /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(snapshot.clientOf(api, 'tokenx')?.clientId, api);
  const status = JSON.parse(readFileSync(join(dir, '.fullmakt/status/a/api.json'), 'utf8'));
  assert.deepEqual([status.ready, status.generation, status.problems], [true, 1, []]);
  assert.deepEqual([...new Set(events.map((event) => event.event))], ['key.created', 'access.gained', 'plan.applied']);
});

test('an exposed scope reaches the registry as it was written, its defaults filled in', async (t) => {
  const exposes = [
    '{enabled: true, product: feed, name: all/own, atMaxAge: 60, consumers: [{orgno: "310000027"}], allowedIntegrations: [maskinporten, idporten], delegationSource: altinn}',
    '{enabled: false, product: feed, name: old, accessibleForAll: true}',
  ];
  const scopes = `maskinporten: {enabled: true, scopes: {exposes: [${exposes.join(', ')}]}}`;
  const { registrar, registry } = bench(t, { 'a/api.yaml': manifest('api', scopes) });
  await registrar.start();
  const owned = { owner: api, ownerOrgno: '310000019' };
  assert.deepEqual(registry.snapshot().scope('example:feed/all/own'), {
    ...owned,
    name: 'example:feed/all/own',
    enabled: true,
    atMaxAge: 60,
    consumers: ['310000027'],
    accessibleForAll: false,
    allowedIntegrations: ['maskinporten', 'idporten'],
    delegationSource: 'altinn',
  });
  assert.deepEqual(registry.snapshot().scope('example:feed:old'), {
    ...owned,
    name: 'example:feed:old',
    enabled: false,
    atMaxAge: 30,
    consumers: [],
    accessibleForAll: true,
    allowedIntegrations: ['maskinporten'],
  });
});

test('an app in mode workload gets no private part; its sidecar and login proxy do (C3)', async (t) => {
  const { registrar } = bench(t, CITIZEN);
  await registrar.start();
  const environment = registrar.environmentOf(front);
  assert.ok(environment);
  assert.equal(environment.app['TOKEN_X_PRIVATE_JWK'], undefined);
  assert.equal(environment.app['IDPORTEN_AUDIENCE'], 'http://localhost:7500');
  assert.equal(environment.app['IDPORTEN_CLIENT_ID'], undefined);
  assert.equal(environment.app['NAIS_TOKEN_EXCHANGE_ENDPOINT'], 'http://127.0.0.1:7502/api/v1/token/exchange');
  assert.equal(environment.sidecar['TOKEN_X_ENABLED'], 'true');
  assert.equal(importSigningKey(JSON.parse(environment.sidecar['TOKEN_X_PRIVATE_JWK'] ?? '')).alg, 'RS256');
  assert.equal(environment.sidecar['IDPORTEN_CLIENT_JWK'], undefined);
  assert.ok(importSigningKey(JSON.parse(environment.login['IDPORTEN_CLIENT_JWK'] ?? '')).kid);
  assert.equal(environment.login['FULLMAKT_LOGIN_OPENID_ACR_VALUES'], 'idporten-loa-substantial');
  assert.equal(environment.login['FULLMAKT_LOGIN_SESSION_MAX_LIFETIME'], '6h');
  assert.equal(registrar.environmentOf(api)?.app['FULLMAKT_INBOUND_APPS'], JSON.stringify([front]));
});

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

/** Every path of a folder with the time it was written. */
function modified(folder: string): string {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
  return JSON.stringify(paths.map((path) => [path, statSync(join(folder, path)).mtimeMs]));
}

test('a restart with unchanged manifests writes nothing and keeps every key (section 3)', async (t) => {
  const file = join(root, 'restart.sqlite');
  const first = openSqliteRegistry(file, { now });
  const one = bench(t, CITIZEN, first);
  await one.registrar.start();
  const before = one.registrar.environmentOf(front);
  await one.registrar.close();
  await first.close();
  const second = openSqliteRegistry(file, { now });
  t.after(async () => second.close());
  const { dir } = one;
  const state = modified(join(dir, '.fullmakt'));
  const config = { label: 'apps', cluster: 'local', wildcardGrants: 'network-only', naisIdentityMode: 'both' } as const;
  const rest = {
    entraTenants: [],
    entraTenant: 'tenant-1',
    entraPasswords: true,
    rereadSeconds: 3600,
    tokenxKeyAlgorithm: 'RS256' as const,
  };
  const registrar = createRegistrar(
    { dir, stateDir: join(dir, '.fullmakt'), ...config, ...rest, allowMassDelete: false, nextKeysAfterSeconds: 3600 },
    { registry: second, now, platform, emit: () => {} },
  );
  t.after(() => registrar.close());
  const version = second.snapshot().version;
  const outcome = await registrar.start();
  assert.equal(second.snapshot().version, version);
  assert.deepEqual([outcome.created, outcome.changed], [[], []]);
  assert.deepEqual(registrar.environmentOf(front), before);
  assert.equal(modified(join(dir, '.fullmakt')), state);
});

test('a manifest with an Error keeps its last good version, and the others proceed', async (t) => {
  const { registrar, registry, events, dir } = bench(t, CITIZEN);
  await registrar.start();
  put(dir, {
    'a/api.yaml': manifest('api', 'tokenx: {enabld: true}'),
    'a/third.yaml': manifest('third', 'tokenx: {enabled: true}'),
    'a/bad.yaml': manifest('bad', 'port: x'),
  });
  const outcome = await registrar.apply();
  assert.deepEqual(outcome.created, ['local:a:third']);
  assert.deepEqual(outcome.held, []);
  assert.ok(registry.snapshot().clientOf(api, 'azure'), 'still the last good version');
  assert.equal(registry.snapshot().app('local:a:bad'), undefined);
  assert.deepEqual(
    events.flatMap((event) => (event.event === 'manifest.invalid' ? [event.text] : [])),
    [
      'apps/a/api.yaml:5:12 error unknown-field spec.tokenx.enabld: no such field; did you mean "enabled"?',
      'apps/a/bad.yaml:5:9 error wrong-type spec.port: expected a whole number, found text',
    ],
  );
  const status = JSON.parse(readFileSync(join(dir, '.fullmakt/status/a/api.json'), 'utf8'));
  assert.equal(status.problems[0].code, 'unknown-field');
  const told = events.length;
  await registrar.apply();
  assert.equal(events.length, told, 'a problem is told once');
});

test('losing a rule is told and takes effect; losing a provider takes its client and keys', async (t) => {
  const { registrar, registry, dir } = bench(t, CITIZEN);
  await registrar.start();
  const generation = registry.snapshot().app(api)?.generation;
  put(dir, { 'a/api.yaml': manifest('api', 'tokenx: {enabled: true}') });
  const outcome = await registrar.apply();
  assert.deepEqual(outcome.loses, [{ consumer: front, target: api, provider: 'tokenx' }]);
  assert.equal(registry.snapshot().clientOf(api, 'azure'), undefined);
  assert.deepEqual([...new Set((await registry.keys(api)).map((key) => key.provider))], ['tokenx']);
  assert.equal(registry.snapshot().app(api)?.generation, (generation ?? 0) + 1);
});

test('a removed manifest takes its app and credentials along; a re-created one gets a new uid and new keys (13)', async (t) => {
  const { registrar, registry, dir } = bench(t, CITIZEN);
  await registrar.start();
  const [uid, kids] = [registry.snapshot().app(api)?.uid, (await registry.keys(api)).map((key) => key.kid)];
  rmSync(join(dir, 'a/api.yaml'));
  assert.deepEqual((await registrar.apply()).removed, [api]);
  assert.equal(registry.snapshot().app(api), undefined);
  assert.equal(registrar.environmentOf(api), undefined);
  assert.deepEqual(readdirSync(join(dir, '.fullmakt/run/a')), ['front']);
  put(dir, CITIZEN);
  await registrar.apply();
  assert.notEqual(registry.snapshot().app(api)?.uid, uid);
  for (const key of await registry.keys(api)) assert.ok(!kids.includes(key.kid));
});

test('an emptied, missing or half unreadable folder deletes nothing (D3)', async (t) => {
  const { registrar, registry, dir, events } = bench(t, CITIZEN);
  await registrar.start();
  const { version } = registry.snapshot();
  const attempts: readonly (() => void)[] = [
    () => renameSync(join(dir, 'a'), join(dir, '.gone')),
    () => {
      put(dir, { 'b/x.yaml': 'a: [' });
    },
    () => renameSync(dir, `${dir}-moved`),
  ];
  for (const attempt of attempts) {
    attempt();
    assert.deepEqual((await registrar.apply()).held, [api, front]);
    assert.equal(registry.snapshot().version, version);
  }
  assert.equal(events.filter((event) => event.event === 'prune.held').length, 1);
});

test('many apps at once are held until it is allowed (D4)', async (t) => {
  const many = Object.fromEntries(
    Array.from({ length: 6 }, (_, index) => [`a/app-${index}.yaml`, manifest(`app-${index}`, 'port: 8080')]),
  );
  const { registrar, dir, again, registry } = bench(t, { ...many, 'a/stays.yaml': manifest('stays', 'port: 8080') });
  await registrar.start();
  for (const name of Object.keys(many).slice(0, 4)) rmSync(join(dir, name));
  const held = await registrar.apply();
  assert.equal(held.held.length, 4);
  assert.equal(held.problems.filter(({ problem }) => problem.code === 'prune-held').length, 4);
  assert.equal([...registry.snapshot().apps()].length, 7);
  put(dir, many);
  for (const name of Object.keys(many).slice(0, 3)) rmSync(join(dir, name));
  assert.equal((await again().start()).removed.length, 3);
});

test('one document per app, one owner per ingress, rules that name someone', async (t) => {
  const { registrar, registry } = bench(t, {
    'a/one.yaml': manifest(
      'one',
      'ingresses: [https://x.example.no]\naccessPolicy: {inbound: {rules: [{application: onne}]}}',
    ),
    'a/two.yaml': manifest('two', 'ingresses: [https://x.example.no/]'),
    'a/same.yaml': manifest('same', 'port: 8080'),
    'a/same-again.yaml': manifest('same', 'port: 8081'),
  });
  const { problems } = await registrar.start();
  assert.deepEqual(
    problems.map(({ id, problem }) => `${problem.type} ${problem.code} ${id}`),
    [
      'Error duplicate-app local:a:same',
      'Error duplicate-app local:a:same',
      'Error ingress-taken local:a:two',
      'Warning unknown-consumer local:a:one',
    ],
  );
  assert.deepEqual(
    [...registry.snapshot().apps()].map((app) => app.id),
    ['local:a:one'],
  );
});

function azure(tenant: string): Files {
  return { 'a/x.yaml': manifest('x', `azure: {application: {enabled: true, tenant: ${tenant}}}`) };
}

test('a tenant cannot change (immutable)', async (t) => {
  const { registrar, dir, registry } = bench(t, azure('t1'));
  await registrar.start();
  put(dir, azure('t2'));
  const { problems } = await registrar.apply();
  assert.deepEqual(
    problems.map(({ problem }) => problem.code),
    ['immutable'],
  );
  assert.equal(registry.snapshot().app('local:a:x')?.spec.azure?.tenant, 't1');
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

test('a saved file is noticed and applied without being asked', async (t) => {
  const { registrar, dir } = bench(t, CITIZEN);
  await registrar.start();
  const keepAlive = setTimeout(() => {}, 10_000);
  const applied = new Promise<readonly string[]>((resolve) =>
    registrar.onApplied((outcome) => resolve(outcome.changed)),
  );
  put(dir, { 'a/api.yaml': manifest('api', 'tokenx: {enabled: true}') });
  assert.deepEqual(await applied, [api]);
  clearTimeout(keepAlive);
});

test('200 manifests are read, validated and compiled in under two seconds', (t) => {
  const many = Object.fromEntries(
    Array.from({ length: 200 }, (_, index) => [
      `n${index % 10}/app-${index}.yaml`,
      manifest(
        `app-${index}`,
        `ingresses: [https://app-${index}.example.no]\naccessPolicy:\n  inbound:\n    rules: [{application: app-${(index + 10) % 200}}]`,
      ),
    ]),
  );
  const { dir } = bench(t, many);
  const began = performance.now();
  const options = { dir, label: 'apps', cluster: 'local', naisIdentityMode: 'both', entraTenants: [] } as const;
  const { manifests } = createDirectorySource({ ...options, prefixOf: () => 'example' }).read();
  const { drafts } = validateTogether(manifests, { wildcardGrants: 'network-only', cluster: 'local' });
  const desired = drafts.map((draft) => compileApp(draft, { platform, entraTenant: 'tenant-1' }));
  assert.equal(desired.length, 200);
  const seconds = (performance.now() - began) / 1000;
  assert.ok(seconds < 2, `${seconds} s`);
});

test('a key-encryption key that is not the one of the rows is a clear error', async (t) => {
  const { registrar, dir, again } = bench(t, { 'a/api.yaml': manifest('api', 'tokenx: {enabled: true}') });
  await registrar.start();
  writeFileSync(join(dir, '.fullmakt/kek'), 'damaged');
  assert.throws(again, { name: 'KeyEncryptionKeyUnusable' });
  writeFileSync(join(dir, '.fullmakt/kek'), `${'0'.repeat(64)}\n`);
  await assert.rejects(again().start(), { name: 'KeyEncryptionKeyUnusable' });
});
