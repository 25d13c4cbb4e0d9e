import assert from 'node:assert/strict';
import { test as nodeTest } from 'node:test';
import type { TestContext } from 'node:test';
import { appId } from '../../src/registry/app-id.ts';
import type { Denial } from '../../src/registry/denial.ts';
import type { KeyRow, KeyState } from '../../src/registry/key-row.ts';
import type { App, Client, Grant } from '../../src/registry/model.ts';
import type { Registry } from '../../src/registry/registry.ts';
import { appRow } from '../../src/registry/testing/app-row.ts';

const front = appId('local', 'team-a', 'front');
const api = appId('local', 'team-a', 'api');
const position = { file: 'apps/team-a/api.yaml', line: 7, column: 9, path: 'spec.accessPolicy.inbound.rules[0]' };

/** A small app; the contract needs no more of it. */
export function sampleApp(id: App['id'], generation = 1): App {
  return { ...appRow(id), generation, hash: `hash-${generation}`, positions: { spec: position } };
}

function client(id: App['id']): Client {
  return {
    app: id,
    provider: 'tokenx',
    clientId: id,
    state: 'ready',
    keys: [{ kty: 'RSA', kid: 'k1' }],
    registration: { provider: 'tokenx', token: {} },
  };
}

function key(kid: string, state: KeyState): KeyRow {
  const sealedPrivate = Buffer.from([1, 2, 3]);
  return { kid, app: api, uid: 'u', provider: 'tokenx', kind: 'jwk', alg: 'RS256', state, sealedPrivate, createdAt: 5 };
}

const grant: Grant = {
  target: api,
  consumer: { cluster: 'local', namespace: 'team-a', name: 'front' },
  roles: ['les'],
  scopes: [],
  position,
};

function denial(hash: string, expiresAt: number): Denial {
  return { kind: 'jti', hash, notBefore: 1, expiresAt };
}

/** What every registry must do, whatever it keeps its rows in (manifest.md section 4). `clock` is the time of its rows, in seconds since the epoch. */
export function registryContract(
  name: string,
  open: () => Registry | Promise<Registry>,
  { clock = () => 1000, skip = false }: { readonly clock?: () => number; readonly skip?: string | false } = {},
): void {
  const test = (title: string, run: (t: TestContext) => Promise<void>): void =>
    void nodeTest(`F07 ${title}`, { skip }, run);
  const fresh = async (t: { after(close: () => Promise<void>): void }): Promise<Registry> => {
    const registry = await open();
    t.after(() => registry.close());
    return registry;
  };

  test(`${name}: starts empty at version 0 with network-only wildcards`, async (t) => {
    const snapshot = (await fresh(t)).snapshot();
    assert.equal(snapshot.version, 0);
    assert.equal(snapshot.wildcardGrants, 'network-only');
    assert.deepEqual([...snapshot.apps()], []);
  });

  test(`${name}: gives back what was committed, one version later`, async (t) => {
    const registry = await fresh(t);
    const scope = {
      name: 'fullmakt:fleet/read',
      owner: api,
      ownerOrgno: '310000019',
      enabled: true,
      consumers: ['310000027'],
      accessibleForAll: false,
      atMaxAge: 30,
    };
    const change = {
      putApps: [sampleApp(api), sampleApp(front)],
      putClients: [client(api)],
      replaceGrants: [{ target: api, grants: [grant] }],
      replaceScopes: [{ owner: api, scopes: [scope] }],
      wildcardGrants: 'tokens',
    } as const;
    assert.equal(await registry.commit(0, change), 'ok');
    const snapshot = registry.snapshot();
    assert.equal(snapshot.version, 1);
    assert.equal(snapshot.wildcardGrants, 'tokens');
    assert.deepEqual(snapshot.app(api), sampleApp(api));
    assert.deepEqual(snapshot.client('tokenx', api), client(api));
    assert.deepEqual(snapshot.clientOf(api, 'tokenx'), client(api));
    assert.deepEqual([...snapshot.clients('tokenx')], [client(api)]);
    assert.deepEqual([...snapshot.clients('azure')], []);
    assert.deepEqual(snapshot.grantsFor(api), [grant]);
    assert.deepEqual(snapshot.grantsFor(front), []);
    assert.deepEqual(snapshot.scope('fullmakt:fleet/read'), scope);
  });

  test(`${name}: refuses a change planned against another version and writes none of it`, async (t) => {
    const registry = await fresh(t);
    await registry.commit(0, { putApps: [sampleApp(api)] });
    assert.equal(await registry.commit(0, { putApps: [sampleApp(front)] }), 'conflict');
    assert.equal(registry.snapshot().version, 1);
    assert.equal(registry.snapshot().app(front), undefined);
  });

  test(`${name}: takes clients, keys, grants and scopes along when an app is removed`, async (t) => {
    const registry = await fresh(t);
    await registry.commit(0, {
      putApps: [sampleApp(api)],
      putClients: [client(api)],
      replaceGrants: [{ target: api, grants: [grant] }],
      putKeys: [key('a', 'current')],
    });
    await registry.commit(1, { removeApps: [api] });
    assert.equal(registry.snapshot().app(api), undefined);
    assert.equal(registry.snapshot().client('tokenx', api), undefined);
    assert.deepEqual(registry.snapshot().grantsFor(api), []);
    assert.deepEqual(await registry.keys(), []);
  });

  test(`${name}: a removed app may come back in the same change with nothing inherited`, async (t) => {
    const registry = await fresh(t);
    await registry.commit(0, { putApps: [sampleApp(api)], putKeys: [key('a', 'current')] });
    await registry.commit(1, { removeApps: [api], putApps: [sampleApp(api, 2)] });
    assert.equal(registry.snapshot().app(api)?.generation, 2);
    assert.deepEqual(await registry.keys(api), []);
  });

  test(`${name}: promotes in one transaction and never holds two current keys (section 8, R4)`, async (t) => {
    const registry = await fresh(t);
    await registry.commit(0, { putApps: [sampleApp(api)], putKeys: [key('a', 'current'), key('b', 'next')] });
    await assert.rejects(registry.commit(1, { putKeys: [key('b', 'current')] }), { name: 'KeyStateConflict' });
    assert.equal(registry.snapshot().version, 1);
    await registry.commit(1, { putKeys: [key('b', 'current'), key('a', 'retiring'), key('c', 'next')] });
    const states = Object.fromEntries((await registry.keys(api)).map(({ kid, state }) => [kid, state]));
    assert.deepEqual(states, { a: 'retiring', b: 'current', c: 'next' });
    assert.deepEqual((await registry.keys(api))[0]?.sealedPrivate, Buffer.from([1, 2, 3]));
  });

  test(`${name}: a client id is one app's alone, and its row is not another's to take`, async (t) => {
    const registry = await fresh(t);
    await registry.commit(0, { putApps: [sampleApp(api), sampleApp(front)], putClients: [client(api)] });
    const taken = { ...client(front), clientId: api };
    await assert.rejects(registry.commit(1, { putClients: [taken] }), { name: 'RegistryUnavailable' });
    assert.equal(registry.snapshot().version, 1);
    assert.equal(registry.snapshot().client('tokenx', api)?.app, api);
  });

  test(`${name}: knows how old its snapshot is`, async (t) => {
    assert.ok((await fresh(t)).ageSeconds() < 1);
  });

  test(`${name}: tells listeners of every change until they leave`, async (t) => {
    const registry = await fresh(t);
    const seen: number[] = [];
    const leave = registry.onChange((snapshot) => seen.push(snapshot.version));
    await registry.commit(0, { putApps: [sampleApp(api)] });
    leave();
    await registry.commit(1, { putApps: [sampleApp(front)] });
    assert.deepEqual(seen, [1]);
  });

  test(`${name}: keeps an audit row per entry, in order, with its time`, async (t) => {
    const registry = await fresh(t);
    await registry.commit(0, {
      audit: [{ actor: 'registrar', action: 'app.put', app: api, detail: { generation: 1 } }],
    });
    await registry.commit(1, { audit: [{ actor: 'registrar', action: 'app.removed' }] });
    const rows = await registry.audit(10);
    assert.deepEqual(
      rows.map(({ action, app, detail }) => ({ action, app, detail })),
      [
        { action: 'app.put', app: api, detail: { generation: 1 } },
        { action: 'app.removed', app: undefined, detail: undefined },
      ],
    );
    for (const { at } of rows) assert.ok(Math.abs(at - clock()) < 60, `at ${at}`);
    assert.equal((await registry.audit(1))[0]?.action, 'app.removed');
  });

  test(`${name}: a signing key set has one writer per version (tokenx.md K4, K5)`, async (t) => {
    const { signingKeys } = await fresh(t);
    const row = {
      kid: 'k',
      use: 'tokenx',
      alg: 'RS256',
      state: 'active',
      publicJwk: { kty: 'RSA', kid: 'k' },
      sealedPrivate: Buffer.from([9]),
      createdAt: 1,
    } as const;
    const load = async (use: string): Promise<object> => {
      const { version, keys } = await signingKeys.load(use);
      return { version, keys };
    };
    assert.deepEqual(await load('tokenx'), { version: 0, keys: [] });
    assert.equal(await signingKeys.save('tokenx', 0, [row]), 'ok');
    assert.equal(await signingKeys.save('tokenx', 0, []), 'conflict');
    assert.deepEqual(await load('tokenx'), { version: 1, keys: [row] });
    assert.deepEqual(await load('other'), { version: 0, keys: [] });
  });

  test(`${name}: a version that was handed out says the same for ever, whatever is committed after it (G1)`, async (t) => {
    const registry = await fresh(t);
    await registry.commit(0, {
      putApps: [sampleApp(api)],
      putClients: [client(api)],
      replaceGrants: [{ target: api, grants: [grant] }],
    });
    const old = registry.snapshot();
    await registry.commit(1, { removeApps: [api], putApps: [sampleApp(front)] });
    assert.deepEqual([old.version, [...old.apps()].map(({ id }) => id)], [1, [api]]);
    assert.deepEqual([old.client('tokenx', api)?.app, old.grantsFor(api), old.app(front)], [api, [grant], undefined]);
  });

  test(`${name}: a client id may pass from one app to another in one change`, async (t) => {
    const registry = await fresh(t);
    await registry.commit(0, {
      putApps: [sampleApp(api), sampleApp(front)],
      putClients: [{ ...client(api), clientId: 'c' }],
    });
    const moved = {
      removeClients: [{ app: api, provider: 'tokenx' as const }],
      putClients: [{ ...client(front), clientId: 'c' }],
    };
    assert.equal(await registry.commit(1, moved), 'ok');
    assert.equal(registry.snapshot().client('tokenx', 'c')?.app, front);
    assert.equal(registry.snapshot().clientOf(api, 'tokenx'), undefined);
  });

  test(`${name}: keeps trusted issuers, whole (6.1)`, async (t) => {
    const registry = await fresh(t);
    const issuer = {
      name: 'idporten',
      state: 'active',
      settings: { issuer: 'https://idp.example.test', aud: ['a'] },
    } as const;
    await registry.commit(0, { putIssuers: [issuer, { ...issuer, name: 'other' }] });
    await registry.commit(1, { putIssuers: [{ ...issuer, state: 'disabled' }], removeIssuers: ['other'] });
    assert.deepEqual([...registry.snapshot().issuers()], [{ ...issuer, state: 'disabled' }]);
    assert.equal(registry.snapshot().issuer('other'), undefined);
  });

  test(`${name}: keeps revocations until no token can be alive that they name (15)`, async (t) => {
    const registry = await fresh(t);
    await registry.commit(0, { putDenials: [denial('old', 500), denial('live', 9e9)] });
    assert.equal(registry.snapshot().denials, 2);
    await registry.commit(1, { putDenials: [denial('more', 9e9), denial('live', 8e9)] });
    assert.equal(registry.snapshot().denials, 2);
    assert.equal(registry.snapshot().denial('old'), undefined);
    assert.deepEqual(registry.snapshot().denial('live'), denial('live', 8e9));
  });

  test(`${name}: knows who serves now, by its own clock (G3)`, async (t) => {
    const { replicas } = await fresh(t);
    await replicas.beat({ id: 'one', version: 3, keyVersion: 2 }, 30);
    await replicas.beat({ id: 'two', version: 3, keyVersion: 2 }, 30);
    await replicas.beat({ id: 'one', version: 4, keyVersion: 2 }, 30);
    await replicas.beat({ id: 'gone', version: 1, keyVersion: 1 }, -1);
    const live = await replicas.live();
    assert.deepEqual(
      live.map(({ id, version }) => [id, version]),
      [
        ['one', 4],
        ['two', 3],
      ],
    );
    for (const { leaseUntil } of live) assert.ok(Math.abs(leaseUntil - clock() - 30) < 10, `until ${leaseUntil}`);
    await replicas.leave('one');
    assert.deepEqual(
      (await replicas.live()).map(({ id }) => id),
      ['two'],
    );
  });

  test(`${name}: writers that start from one version give one winner each time (G5)`, async (t) => {
    const registry = await fresh(t);
    for (let version = 0; version < 3; version++) {
      const commits = Array.from({ length: 6 }, () => registry.commit(version, { putApps: [sampleApp(api, version)] }));
      const results = await Promise.all(commits);
      assert.equal(results.filter((result) => result === 'ok').length, 1);
      assert.equal(registry.snapshot().version, version + 1);
    }
  });
}
