import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { appId } from './app-id.ts';
import type { RegistryChange } from './contract.ts';
import type { App, Client } from './model.ts';
import { canonicalResource } from './resources.ts';
import { createMemoryRegistry } from './registry.ts';
import { createSnapshot } from './snapshot.ts';

const INGRESSES: Readonly<Record<string, readonly string[]>> = {
  root: ['https://fleet.example.test'],
  app: ['https://fleet.example.test/app/', 'http://localhost:8080/app'],
  deep: ['https://fleet.example.test/app/v1'],
  port: ['https://Fleet.Example.Test:8443/app'],
  one: ['https://both.example.test'],
  two: ['https://both.example.test/'],
};
const RESOURCES: Readonly<Record<string, readonly string[]>> = {
  deep: ['urn:example:deep', 'https://api.example.test/v1'],
  port: ['https://fleet.example.test/app/exact', 'not a uri'],
  one: ['urn:example:shared'],
  two: ['urn:example:shared'],
};

function appOf(name: string): App {
  const spec = {
    ingresses: INGRESSES[name] ?? [],
    port: 8080,
    upstream: { host: '127.0.0.1', port: 8080 },
    identity: { mode: 'keys' as const, serviceAccount: name },
    inbound: [],
    outbound: [],
  };
  const id = appId('dev', 'fleet', name);
  return { id, uid: name, generation: 1, hash: name, state: 'active', kind: 'Application', spec };
}

function clientOf(name: string): Client {
  const app = appId('dev', 'fleet', name);
  const registration = { provider: 'tokenx' as const, token: {}, resources: RESOURCES[name] ?? [] };
  return { app, provider: 'tokenx', clientId: app, state: 'ready', keys: [], registration };
}

const names = Object.keys(INGRESSES);
const snapshot = createSnapshot({
  version: 1,
  wildcardGrants: 'network-only',
  apps: names.map(appOf),
  clients: names.map(clientOf),
  grants: [],
  scopes: [],
});
const nameOf = (resource: string): string | undefined => snapshot.appOfResource(resource)?.split(':')[2];

const FOUND: readonly (readonly [string, string | undefined])[] = [
  ['https://fleet.example.test', 'root'],
  ['https://fleet.example.test/', 'root'],
  ['HTTPS://FLEET.example.TEST:443/other', 'root'],
  ['https://fleet.example.test/app', 'app'],
  ['https://fleet.example.test/app/', 'app'],
  ['https://fleet.example.test/app/x//y', 'app'],
  ['https://fleet.example.test/app2', 'root'],
  ['https://fleet.example.test/App', 'root'],
  ['https://fleet.example.test/app/v1', 'deep'],
  ['https://fleet.example.test/app/v1/users/7', 'deep'],
  ['https://fleet.example.test/app/v10', 'app'],
  ['https://fleet.example.test/app/exact', 'port'],
  ['https://fleet.example.test/app/exact/', 'app'],
  ['https://fleet.example.test/app/exact/below', 'app'],
  ['https://fleet.example.test:8443/app', 'port'],
  ['https://fleet.example.test:8443/', undefined],
  ['https://fleet.example.test:444/', undefined],
  ['http://fleet.example.test/app', undefined],
  ['http://localhost:8080/app/x', 'app'],
  ['https://fleet.example.test.evil.test/app', undefined],
  ['urn:example:deep', 'deep'],
  ['URN:example:deep', 'deep'],
  ['urn:example:DEEP', undefined],
  ['urn:example:deeper', undefined],
  ['https://api.example.test/v1', 'deep'],
  ['https://API.example.test:443/v1', 'deep'],
  ['https://api.example.test/v1/', undefined],
  ['https://api.example.test', undefined],
  ['https://both.example.test/x', undefined],
  ['urn:example:shared', undefined],
];
const INVALID: readonly string[] = [
  '',
  'fleet',
  '/app',
  '//fleet.example.test/app',
  'https:',
  'https://',
  'https:///app',
  'https:/fleet.example.test/app',
  'https:fleet.example.test/app',
  'https://fleet.example.test/app?x=1',
  'https://fleet.example.test/app?',
  'https://fleet.example.test/app#x',
  'https://fleet.example.test/app#',
  'https://user@fleet.example.test/app',
  'https://user:pw@fleet.example.test/app',
  'https://@fleet.example.test/app',
  'https://fleet.example.test@evil.test/app',
  'https://fleet.example.test:99999/app',
  'https://fleet.example.test/other/../app',
  'https://fleet.example.test/other/%2e%2E/app',
  'https://fleet.example.test/other/.%2e/app',
  'https://fleet.example.test/./app',
  'https://fleet.example.test/app/..',
  'https://fleet.example.test/app%2fv1',
  'https://fleet.example.test/app%5Cv1',
  'https://fleet.example.test\\app',
  'https://fleet.example.test/app x',
  ' https://fleet.example.test/app',
  'https://fleet.example.test/app\n',
  '\u0001https://fleet.example.test/app',
  'https://fleet.example.test/%zz',
  'https://fleet.example.test/sø',
  `https://fleet.example.test/${'a'.repeat(2048)}`,
];

test('X11, P1: a resource means the app that declared it, else the one with the longest ingress at a path boundary', () => {
  for (const [resource, app] of FOUND) assert.equal(nameOf(resource), app, resource);
});

test('X11, P1: no relative or ambiguous URI, nor one with user info, query or fragment, is a resource', () => {
  for (const resource of INVALID) {
    assert.equal(canonicalResource(resource), undefined, JSON.stringify(resource));
    assert.equal(snapshot.appOfResource(resource), undefined, JSON.stringify(resource));
  }
});

test("P1, G2: an address goes with the commit: it is nobody's while two claim it, and the other's once one lets go", async () => {
  const registry = createMemoryRegistry({ now: () => 0 });
  const change = async (rows: RegistryChange): Promise<void> => {
    assert.equal(await registry.commit(registry.snapshot().version, rows), 'ok');
  };
  const owners = (): readonly (string | undefined)[] =>
    ['https://both.example.test/x', 'urn:example:shared'].map((each) => registry.snapshot().appOfResource(each));
  const [one, two] = [appId('dev', 'fleet', 'one'), appId('dev', 'fleet', 'two')];
  await change({ putApps: [appOf('one')], putClients: [clientOf('one')] });
  assert.deepEqual(owners(), [one, one]);
  await change({ putApps: [appOf('two')], putClients: [clientOf('two')] });
  assert.deepEqual(owners(), [undefined, undefined]);
  await change({ putApps: [{ ...appOf('one'), spec: { ...appOf('one').spec, ingresses: [] } }] });
  assert.deepEqual(owners(), [two, undefined]);
  await change({ removeClients: [{ app: one, provider: 'tokenx' }] });
  assert.deepEqual(owners(), [two, two]);
  await change({ removeApps: [two] });
  assert.deepEqual(owners(), [undefined, undefined]);
  await registry.close();
});

test('P1: whatever comes as a resource, the answer is quick, the spelling stays the same the second time, and an app lies under its host', () => {
  const piece = fc.constantFrom(
    'https:',
    '//',
    'fleet.example.test',
    '/',
    'app',
    'v1',
    '..',
    '%2e',
    '@',
    ':443',
    'urn:',
    'x',
    'ø',
  );
  const text = fc.oneof(
    fc.string(),
    fc.webUrl(),
    fc.array(piece, { maxLength: 12 }).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, (resource) => {
      const canonical = canonicalResource(resource);
      const app = nameOf(resource);
      if (canonical === undefined) return app === undefined;
      const isUnder =
        app === undefined || !/^https?:/.test(canonical) || /\.test|localhost/.test(new URL(canonical).host);
      return canonicalResource(canonical) === canonical && nameOf(canonical) === app && isUnder;
    }),
  );
});
