import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { importSigningKey } from '../oauth/jwk.ts';
import { compileApp } from './compile.ts';
import { createDirectorySource } from './directory.ts';
import { validateTogether } from './validate.ts';
import { bench, manifest, platform, put } from './testing/bench.ts';
import type { Files } from './testing/bench.ts';
import { api, CITIZEN, front } from './testing/citizen.ts';

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
