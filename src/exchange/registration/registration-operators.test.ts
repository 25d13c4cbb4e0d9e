import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryRegistry } from '../../registry/registry.ts';
import { ADMIN_AUDIENCE, administer } from '../testing/operators.ts';
import { createRegistrarBench, API } from '../testing/registrar-bench.ts';
import { CLIENTS } from '../testing/registrations.ts';
import { START, defaultData, sign } from '../testing/world.ts';

const { keys, chief, operator, open, tokenOf, registerAs, ask, list } = await createRegistrarBench();

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
