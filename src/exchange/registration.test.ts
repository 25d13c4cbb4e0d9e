import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { generatePrivateJwk, publicJwk } from '../oauth/jwk.ts';
import { RegistryUnavailable } from '../registry/contract.ts';
import type { Registry, RegistryChange } from '../registry/contract.ts';
import { createMemoryRegistry } from '../registry/registry.ts';
import { grantTypesOf } from './registration-body.ts';
import { ADMIN_AUDIENCE, administer, bearer, exchangeAs, selfSigned, tokenFor } from './testing/operators.ts';
import { CLIENTS, askFor, register, registrationBody } from './testing/registrations.ts';
import type { Wish } from './testing/registrations.ts';
import { START, createTestKeys, createWorld, defaultData, sign } from './testing/world.ts';
import type { Answer, World, WorldOptions } from './testing/world.ts';

const keys = await createTestKeys();
const chief = await generatePrivateJwk('ES256', 'chief-1');
const statementKeys = { keys: [publicJwk(chief)] };
const HUB = 'https://hub.example.test';
const API = 'dev:fleet:new-api';
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

const operator = (name: string, changes: object = {}): ReturnType<typeof selfSigned> =>
  selfSigned(chief, { name, subjects: [name], algs: ['ES256'], statementKeys, rights: ['register'], ...changes });

const { jwks: _jwks, ...vouchedFor } = operator('hub', { subjects: ['robot'] });

async function open(t: TestContext, options: Partial<WorldOptions> = {}): Promise<World> {
  const world = await createWorld({
    keys,
    fetch: (url, init) => {
      if (url === `${HUB}/.well-known/openid-configuration`)
        return Promise.resolve(Response.json({ issuer: HUB, jwks_uri: `${HUB}/jwks` }));
      if (url === `${HUB}/jwks`) return Promise.resolve(Response.json({ keys: [publicJwk(chief)] }));
      return fetch(url, init);
    },
    ...options,
    config: {
      operators: [
        operator('chief'),
        operator('rival'),
        operator('far', { clients: ['prod:*'] }),
        operator('narrow', { clients: ['dev:fleet:*'] }),
        operator('reader', { rights: ['read'] }),
        { ...vouchedFor, wellKnown: `${HUB}/.well-known/openid-configuration` },
      ],
      ...options.config,
    },
  });
  t.after(() => world.close());
  return world;
}

/** The bearer token of an operator that signs for itself, or of the one whose issuer does. */
function tokenOf(world: World, name = 'chief'): Promise<string> {
  const claims = name === 'hub' ? { iss: HUB, sub: 'robot' } : { iss: name, sub: name };
  return bearer(world, chief, { claims });
}

const wish = (changes: Partial<Wish> = {}): Wish => ({
  app: API,
  statementKey: chief,
  clientKey: keys.client,
  ...changes,
});

async function registerAs(world: World, name: string, changes: Partial<Wish> = {}): Promise<Answer> {
  return register(world, await tokenOf(world, name), wish(changes));
}

async function ask(world: World, app: string, method = 'GET', name = 'chief'): Promise<Answer> {
  return askFor(world, await tokenOf(world, name), { app, method });
}

async function list(world: World, name = 'chief'): Promise<readonly unknown[]> {
  const answer = await administer(world, CLIENTS, { method: 'GET', token: await tokenOf(world, name) });
  assert.equal(answer.status, 200, answer.text);
  const rows: readonly { readonly clientId: string }[] = JSON.parse(answer.text);
  return rows.map(({ clientId }) => clientId);
}

test('T6: a registration is answered with what is registered, read back, listed, and taken away', async (t) => {
  const world = await open(t);
  const body = await registrationBody(world, wish({ inbound: ['dev:fleet:web', 'dev:other:*'] }));
  const made = await administer(world, CLIENTS, { token: await tokenOf(world), body });
  assert.equal(made.status, 201, made.text);
  assert.equal(made.headers['cache-control'], 'no-store');
  const [jwk] = (body['jwks'] as { keys: object[] }).keys;
  assert.deepEqual(made.body, {
    client_id: API,
    jwks: { keys: [jwk] },
    software_statement: body['software_statement'],
    grant_types: [TOKEN_EXCHANGE],
    token_endpoint_auth_method: 'private_key_jwt',
    allowedScopes: [],
  });
  const view = {
    clientId: API,
    jwks: { keys: [jwk] },
    accessPolicyInbound: { clients: ['dev:fleet:web', 'dev:other:*'] },
    accessPolicyOutbound: { clients: [] },
    allowedScopes: [],
    allowedGrantTypes: [TOKEN_EXCHANGE],
  };
  assert.deepEqual((await ask(world, API)).body, view);
  assert.deepEqual(await list(world), [API]);
  assert.equal((await ask(world, API, 'DELETE')).status, 204);
  const gone = await ask(world, API);
  assert.equal(gone.status, 404);
  assert.match(String(gone.headers['content-type']), /^text\/plain/);
  assert.match(gone.text, /no client/);
  assert.deepEqual(await list(world), []);
  assert.equal((await ask(world, API, 'DELETE')).status, 204);
});

test('T6, P3: what is registered counts at once: its callers get tokens for it, its key signs for it, and after DELETE neither does', async (t) => {
  const world = await open(t);
  await registerAs(world, 'chief', { inbound: ['dev:fleet:web'] });
  await registerAs(world, 'chief', { app: 'dev:fleet:next', inbound: [API] });
  const first = await tokenFor(world, ['web', 'new-api']);
  const allowed = world.lastDecision();
  assert.deepEqual(allowed?.rules, [`${API}#0`]);
  assert.equal((await exchangeAs(world, ['new-api', 'next'], first)).status, 200);
  assert.equal((await exchangeAs(world, ['store', 'new-api'])).body['fm_reason'], 'no-rule');
  await ask(world, API, 'DELETE');
  assert.equal((await exchangeAs(world, ['new-api', 'next'], first)).body['fm_reason'], 'client-auth-failed');
  assert.equal((await exchangeAs(world, ['web', 'new-api'])).body['fm_reason'], 'target-unknown');
  assert.deepEqual((await ask(world, 'dev:fleet:next')).body['accessPolicyInbound'], { clients: [API] });
});

test('T6, P4: an inbound entry with * is a pattern: it gives tokens only where wildcardGrants says so, never to itself', async (t) => {
  for (const wildcardGrants of ['network-only', 'tokens'] as const) {
    const world = await open(t, { data: { wildcardGrants } });
    await registerAs(world, 'chief', { inbound: ['dev:fleet:*'] });
    const answer = await exchangeAs(world, ['web', 'new-api']);
    assert.equal(answer.body['fm_reason'], wildcardGrants === 'tokens' ? undefined : 'wildcard-network-only');
    const own = await exchangeAs(world, ['new-api', 'new-api']);
    assert.equal(own.body['fm_reason'], 'no-rule');
  }
});

test('T6: outbound entries are kept and told, and decide nothing', async (t) => {
  const world = await open(t);
  const claims = { accessPolicyOutbound: ['dev:fleet:store', 'dev:*:*'] };
  await registerAs(world, 'chief', { statement: { claims } });
  assert.deepEqual((await ask(world, API)).body['accessPolicyOutbound'], { clients: claims.accessPolicyOutbound });
  assert.equal((await exchangeAs(world, ['new-api', 'store'])).body['fm_reason'], 'no-rule');
});

test('T6: POST replaces everything in one version, writes none when nothing changed, and keeps the uid', async (t) => {
  const world = await open(t);
  const state = (): readonly unknown[] => {
    const app = world.registry.snapshot().app(API);
    return [world.registry.snapshot().version, app?.generation];
  };
  await registerAs(world, 'chief', { inbound: ['dev:fleet:web'] });
  const uid = world.registry.snapshot().app(API)?.uid;
  assert.deepEqual(state(), [2, 1]);
  assert.equal((await registerAs(world, 'chief', { inbound: ['dev:fleet:web'] })).status, 201);
  assert.deepEqual(state(), [2, 1]);
  const stranger = publicJwk(keys.stranger);
  await registerAs(world, 'chief', { inbound: ['dev:fleet:store'], body: { jwks: { keys: [stranger] } } });
  assert.deepEqual(state(), [3, 2]);
  const { body } = await ask(world, API);
  assert.deepEqual(body['accessPolicyInbound'], { clients: ['dev:fleet:store'] });
  assert.deepEqual(body['jwks'], { keys: [stranger] });
  assert.equal(world.registry.snapshot().app(API)?.uid, uid);
  assert.equal((await exchangeAs(world, ['web', 'new-api'])).body['fm_reason'], 'no-rule');
  assert.equal((await exchangeAs(world, ['new-api', 'store'])).body['fm_reason'], 'client-auth-failed');
});

test('T6: a client that is registered anew after DELETE is another one: new uid, first generation, nothing of the old', async (t) => {
  const world = await open(t);
  await registerAs(world, 'chief', { inbound: ['dev:fleet:web'] });
  const before = world.registry.snapshot().app(API);
  await ask(world, API, 'DELETE');
  assert.equal(world.registry.snapshot().clientOf(API, 'tokenx'), undefined);
  assert.deepEqual(world.registry.snapshot().grantsFor(API), []);
  await registerAs(world, 'chief', { body: { jwks: { keys: [publicJwk(keys.stranger)] } } });
  const after = world.registry.snapshot().app(API);
  assert.notEqual(after?.uid, before?.uid);
  assert.equal(after?.generation, 1);
  assert.equal((await exchangeAs(world, ['web', 'new-api'])).body['fm_reason'], 'no-rule');
});

const VERBS = ['POST', 'GET', 'DELETE'] as const;
const MATRIX: readonly (readonly [string, string, readonly [number, number, number]])[] = [
  ['its own', 'dev:fleet:own', [201, 200, 204]],
  ['an unknown one', 'dev:fleet:unknown', [201, 404, 204]],
  ["another operator's", 'dev:fleet:rival', [403, 403, 403]],
  ['one of a manifest', 'dev:fleet:web', [403, 403, 403]],
  ['one of another cluster', 'prod:fleet:far', [403, 403, 403]],
  ['an unknown one of another cluster', 'prod:fleet:unknown', [403, 403, 403]],
];

for (const name of ['chief', 'hub']) {
  for (const [what, app, statuses] of MATRIX) {
    test(`X13, N20, T2: ${name} at ${what} gets ${statuses.join(', ')} from ${VERBS.join(', ')}`, async (t) => {
      const world = await open(t);
      await registerAs(world, name, { app: 'dev:fleet:own' });
      await registerAs(world, 'rival', { app: 'dev:fleet:rival' });
      assert.equal((await registerAs(world, 'far', { app: 'prod:fleet:far' })).status, 201);
      const others = (): unknown =>
        ['dev:fleet:rival', 'dev:fleet:web', 'prod:fleet:far'].map((id) => world.registry.snapshot().app(id));
      const before = others();
      assert.deepEqual(await list(world, name), ['dev:fleet:own']);
      for (const [place, method] of VERBS.entries()) {
        if (method === 'DELETE' && statuses[0] === 201 && statuses[1] === 404) await ask(world, app, 'DELETE', name);
        if (method === 'GET' && statuses[1] === 404) await ask(world, app, 'DELETE', name);
        const answer = await (method === 'POST'
          ? registerAs(world, name, { app, inbound: ['dev:fleet:thief'] })
          : ask(world, app, method, name));
        assert.equal(answer.status, statuses[place], `${method}: ${answer.text}`);
        if (answer.status === 403) assert.equal(answer.text, '');
      }
      assert.deepEqual(others(), before);
    });
  }
}

test('T2: what an operator registered before its patterns were narrowed is neither listed nor touched any more', async (t) => {
  const registry = createMemoryRegistry({ now: () => START, initial: defaultData(keys) });
  const wide = await open(t, { registry });
  await registerAs(wide, 'chief', { app: 'dev:other:app' });
  const narrowed = await open(t, {
    registry,
    config: { operators: [operator('chief', { clients: ['dev:fleet:*'] })] },
  });
  assert.deepEqual(await list(narrowed), []);
  for (const method of ['GET', 'DELETE']) assert.equal((await ask(narrowed, 'dev:other:app', method)).status, 403);
});

test('T1, T7: every verb wants a bearer token with the right to register; without one: 401, a challenge, no body', async (t) => {
  const world = await open(t);
  const reader = await tokenOf(world, 'reader');
  for (const [method, path] of [
    ['POST', CLIENTS],
    ['GET', CLIENTS],
    ['GET', `${CLIENTS}/dev%3Afleet%3Aweb`],
    ['DELETE', `${CLIENTS}/dev%3Afleet%3Aweb`],
  ] as const) {
    for (const token of [undefined, 'abc', await sign({ iss: 'chief', sub: 'chief', aud: ADMIN_AUDIENCE }, chief)]) {
      const answer = await administer(world, path, { method, ...(token === undefined ? {} : { token }) });
      assert.deepEqual([answer.status, answer.headers['www-authenticate'], answer.text], [401, 'Bearer', ''], path);
    }
    const answer = await administer(world, path, { method, token: reader });
    assert.deepEqual([answer.status, answer.text], [403, ''], `${method} ${path}`);
  }
  const other = await administer(world, CLIENTS, { method: 'PUT' });
  assert.deepEqual([other.status, other.headers['allow']], [405, 'POST, GET, HEAD']);
});

test('T2: an id in the path is decoded once; whatever is no app id then is nobody`s', async (t) => {
  const world = await open(t);
  await registerAs(world, 'chief');
  const token = await tokenOf(world);
  const at = async (id: string, method = 'GET'): Promise<number> =>
    (await administer(world, `${CLIENTS}/${id}`, { method, token })).status;
  assert.equal(await at('dev%3Afleet%3Anew-api'), 200);
  assert.equal(await at('dev:fleet:new-api'), 200);
  const hostile = [
    'dev%253Afleet%253Anew-api',
    'dev%3Afleet%3Anew-api%2F..',
    'dev%3Afleet%3Anew-api%00',
    'dev%3Afleet%3ANEW-API',
    'dev%3Afleet%3A*',
    'dev%3A*%3A*',
    'dev%3Afleet%3A',
    'dev%3Afleet',
    '__proto__',
    '%25',
    'x'.repeat(4000),
  ];
  for (const id of hostile) {
    assert.equal(await at(id), 403, id);
    assert.equal(await at(id, 'DELETE'), 403, id);
  }
  assert.equal(await at('%ff'), 404);
  assert.equal(await at('dev%3Afleet%3Anew-api'), 200);
});

test('T3: members nobody knows are ignored; grant types are told as they are on the wire', async (t) => {
  const world = await open(t);
  const both = [TOKEN_EXCHANGE, 'client_credentials'];
  const body = { redirect_uris: ['https://x.example.test'], scopes: ['a'], grant_types: both, nested: { a: [1] } };
  const made = await registerAs(world, 'chief', { body });
  assert.equal(made.status, 201, made.text);
  assert.deepEqual(made.body['grant_types'], both);
  assert.deepEqual(made.body['allowedScopes'], []);
  assert.deepEqual((await ask(world, API)).body['allowedGrantTypes'], both);
  await registerAs(world, 'chief', { body: { scopes: null, grant_types: null } });
  assert.deepEqual((await ask(world, API)).body['allowedGrantTypes'], grantTypesOf(undefined));
});

const privateJwk = { ...publicJwk(keys.client), d: keys.client.d };
const many = (count: number): object[] =>
  Array.from({ length: count }, (_, place) => ({ ...publicJwk(keys.client), kid: `k-${place}` }));
const WEAK = {
  kty: 'RSA',
  kid: 'weak',
  e: 'AQAB',
  n: Buffer.alloc(128, 0xfb).toString('base64url'),
};
const BAD_BODIES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'no client_name': { client_name: undefined },
  'an empty client_name': { client_name: '' },
  'a client_name that is no text': { client_name: 5 },
  'no jwks': { jwks: undefined },
  'jwks as a list': { jwks: [publicJwk(keys.client)] },
  'no keys': { jwks: { keys: [] } },
  'twenty-one keys': { jwks: { keys: many(21) } },
  'no statement': { software_statement: undefined },
  'scopes as text': { scopes: 'a b' },
  'a grant nobody gives': { grant_types: ['authorization_code'] },
  'a private key': { jwks: { keys: [privateJwk] } },
  'a private key beside a good one': { jwks: { keys: [publicJwk(keys.stranger), privateJwk] } },
  'a symmetric key': { jwks: { keys: [{ kty: 'oct', kid: 'o', k: 'AAAA' }] } },
  'a weak RSA key': { jwks: { keys: [WEAK] } },
  'a key without kid': { jwks: { keys: [{ ...publicJwk(keys.client), kid: undefined }] } },
  'two keys of one kid': { jwks: { keys: [publicJwk(keys.client), publicJwk(keys.client)] } },
  'a key type nobody knows': { jwks: { keys: [{ kty: 'XYZ', kid: 'x' }] } },
  'a key for encryption': { jwks: { keys: [{ ...publicJwk(keys.client), use: 'enc' }] } },
  'a key that is for no accepted algorithm': { jwks: { keys: [{ ...publicJwk(keys.client), alg: 'RS512' }] } },
  'a key that is none': { jwks: { keys: [null] } },
};

test('T3, T4, T7, N20: a body that is not as it must be is refused as a whole, and the description names the member', async (t) => {
  const world = await open(t);
  for (const [what, body] of Object.entries(BAD_BODIES)) {
    const answer = await registerAs(world, 'chief', { body });
    assert.equal(answer.status, 400, what);
    assert.equal(answer.body['error'], 'invalid_client_metadata', what);
    const [member = ''] = Object.keys(body);
    assert.ok(String(answer.body['error_description']).startsWith(member), `${what}: ${answer.text}`);
    assert.doesNotMatch(answer.text, new RegExp(keys.client.d.slice(0, 20)));
  }
  assert.equal(world.registry.snapshot().version, 1);
  assert.deepEqual(world.remembered, []);
  assert.equal((await registerAs(world, 'chief', { body: { jwks: { keys: many(20) } } })).status, 201);
});

test('T4: of a key only what makes it a public key is kept', async (t) => {
  const world = await open(t);
  const jwk = { ...publicJwk(keys.client), x5c: ['AAAA'], 'x-note': 'keep me', key_ops: ['verify'] };
  const answer = await registerAs(world, 'chief', { body: { jwks: { keys: [jwk] } } });
  assert.equal(answer.status, 201, answer.text);
  const { kty, n, e, kid, alg } = publicJwk(keys.client);
  assert.deepEqual(answer.body['jwks'], { keys: [{ kty, n, e, kid, use: 'sig', alg }] });
});

test('T3: a body over 64 KiB is 413; what is not strict JSON is refused', async (t) => {
  const world = await open(t);
  const token = await tokenOf(world);
  const send = (body: string): Promise<Answer> =>
    world.send('POST', CLIENTS, { headers: { Authorization: `Bearer ${token}` }, body });
  const good = JSON.stringify(await registrationBody(world, wish()));
  assert.equal((await send(good.padEnd(64 * 1024 + 1))).status, 413);
  for (const body of ['', '{', '[]', '"x"', good.replace('{', '{"client_name":"twice",'), `${good}x`]) {
    const answer = await send(body);
    assert.deepEqual([answer.status, answer.body['error']], [400, 'invalid_client_metadata'], body.slice(0, 20));
  }
  assert.equal((await send(good.padEnd(64 * 1024))).status, 201);
});

test('X13: what an operator did and was refused stands on the record, and what was written in the log of the registry', async (t) => {
  const world = await open(t);
  await registerAs(world, 'chief');
  await ask(world, 'prod:fleet:far', 'DELETE');
  await registerAs(world, 'chief', { body: { client_name: '' } });
  await ask(world, API, 'DELETE');
  const told = world.events.flatMap((event) =>
    event.event === 'exchange.administered'
      ? [[event.operator, event.action, event.on, event.outcome, event.reason]]
      : [],
  );
  assert.deepEqual(told, [
    ['chief', 'register', API, 'done', 'done'],
    ['chief', 'remove-client', 'prod:fleet:far', 'refused', 'client-out-of-reach'],
    ['chief', 'register', undefined, 'refused', 'client-metadata'],
    ['chief', 'remove-client', API, 'done', 'done'],
  ]);
  const rows = (await world.registry.audit(10)).map(({ actor, action, app }) => [actor, action, app]);
  assert.deepEqual(rows, [
    ['operator:chief', 'app.put', API],
    ['operator:chief', 'app.removed', API],
  ]);
});

/** A registry where this happens before a commit. */
function disturbed(before: (registry: Registry) => Promise<unknown>): Registry {
  const registry = createMemoryRegistry({ now: () => START, initial: defaultData(keys) });
  return {
    ...registry,
    async commit(version: number, change: RegistryChange) {
      // The start of the server is left in peace.
      if (change.putIssuers === undefined) await before(registry);
      return registry.commit(version, change);
    },
  };
}

test('T6: somebody else writes first: it is planned again; always: 503 with Retry-After', async (t) => {
  let rivals = 3;
  const bump = async (registry: Registry): Promise<void> => {
    rivals -= 1;
    if (rivals >= 0) await registry.commit(registry.snapshot().version, {});
  };
  const world = await open(t, { registry: disturbed(bump) });
  assert.equal((await registerAs(world, 'chief')).status, 201);
  rivals = Infinity;
  const answer = await ask(world, API, 'DELETE');
  assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '1']);
  assert.equal(answer.body['fm_reason'], 'registry-unavailable');
});

test('T2: an app that a manifest declares while it is being registered stays the manifest`s', async (t) => {
  const manifest = { ...defaultData(keys).apps[0], id: API } as const;
  const world = await open(t, {
    registry: disturbed(async (registry) => {
      if (registry.snapshot().app(API) !== undefined) return;
      await registry.commit(registry.snapshot().version, { putApps: [manifest as never] });
    }),
  });
  assert.equal((await registerAs(world, 'chief')).status, 403);
  assert.equal(world.registry.snapshot().app(API)?.source, undefined);
});

test('T6, F03: the registry is out of reach: 503 with Retry-After, and nothing is written', async (t) => {
  const world = await open(t, {
    registry: disturbed(() => Promise.reject(new RegistryUnavailable('no disk'))),
  });
  for (const answer of [await registerAs(world, 'chief')]) {
    assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '1'], answer.text);
  }
  assert.equal(world.registry.snapshot().app(API), undefined);
});

test('T6: nothing to do is said of the newest version, not of one that another process has left behind', async (t) => {
  const registry = createMemoryRegistry({ now: () => START, initial: defaultData(keys) });
  const other = await open(t, { registry });
  await registerAs(other, 'chief', { inbound: ['dev:fleet:web'] });
  let seen = registry.snapshot();
  const late: Registry = {
    ...registry,
    snapshot: () => seen,
    refresh: async () => (seen = registry.snapshot()),
    async commit(version, change) {
      const result = await registry.commit(version, change);
      seen = registry.snapshot();
      return result;
    },
  };
  const world = await open(t, { registry: late });
  await registerAs(other, 'chief', { inbound: ['dev:fleet:store'] });
  assert.equal((await registerAs(world, 'chief', { inbound: ['dev:fleet:web'] })).status, 201);
  assert.deepEqual(
    registry
      .snapshot()
      .app(API)
      ?.spec.inbound.map(({ application }) => application),
    ['web'],
  );
});
