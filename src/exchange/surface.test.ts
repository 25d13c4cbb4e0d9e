import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { generatePrivateJwk } from '../oauth/jwk.ts';
import { RegistryUnavailable } from '../registry/contract.ts';
import { createMemoryRegistry } from '../registry/registry.ts';
import { readSettings } from '../settings.ts';
import { createMemoryReplay } from '../store/replay-memory.ts';
import { createExchange } from './app.ts';
import { exchangeSettings } from './config.ts';
import { administer, bearer, selfSigned } from './testing/operators.ts';
import { createTestKeys, createWorld, defaultData, ISSUER, START } from './testing/world.ts';

const keys = await createTestKeys();
const chief = await generatePrivateJwk('RS256', 'chief-1');
const config = { operators: [selfSigned(chief)] };
const one = await createWorld({ keys, config });
const two = await createWorld({ keys, config: { ...config, internalBind: { host: '127.0.0.1', port: 0 } } });
after(async () => {
  await one.close();
  await two.close();
});

const POSTS = ['/explain', '/admin/revocations', '/admin/keys/rotate', '/admin/keys/k/revoke'];
const GETS = ['/admin/replicas', '/metrics', '/internal/metrics'];
const PUBLIC = ['/jwks', '/healthz', '/readyz', '/internal/isalive', '/internal/isready'];

test('2: administration, explain and figures are on the one listener, or with internalBind on the second alone', async () => {
  for (const [method, paths] of [
    ['POST', POSTS],
    ['GET', GETS],
  ] as const) {
    for (const path of paths) {
      assert.notEqual((await one.send(method, path)).status, 404, path);
      assert.equal((await two.send(method, path)).status, 404, path);
      assert.notEqual((await two.sendInternal(method, path)).status, 404, path);
    }
  }
  for (const path of PUBLIC) {
    assert.notEqual((await two.send('GET', path)).status, 404, path);
    assert.equal((await two.sendInternal('GET', path)).status, 404, path);
  }
  for (const path of ['/token', '/introspect', '/revoke']) {
    assert.equal((await two.sendInternal('POST', path)).status, 404, path);
  }
});

test('2: an unknown path is 404, a wrong method 405 with Allow, and nothing is told to other origins', async () => {
  const headers = { Origin: 'https://evil.example.test', 'Access-Control-Request-Method': 'POST' };
  for (const path of [...POSTS, '/token', '/introspect', '/revoke']) {
    const wrong = await one.send('GET', path);
    assert.deepEqual([wrong.status, wrong.headers['allow']], [405, 'POST'], path);
    const preflight = await one.send('OPTIONS', path, { headers });
    assert.equal(preflight.status, 405, path);
  }
  const answers = [await one.send('GET', '/jwks', { headers }), await one.send('POST', '/admin', { headers })];
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 404],
  );
  for (const answer of answers) {
    assert.ok(!Object.keys(answer.headers).some((name) => name.startsWith('access-control-')));
  }
});

test('2: every administrative path takes an operator with its right, and no other', async () => {
  const token = await bearer(one, chief);
  for (const path of POSTS) assert.equal((await administer(one, path, {})).status, 401, path);
  for (const path of POSTS) {
    const { status } = await administer(one, path, { token, body: {} });
    assert.ok(![401, 403].includes(status), `${path} ${status}`);
  }
});

test('a server that cannot write down its settings does not start, and leaves nothing behind', async () => {
  const registry = createMemoryRegistry({ now: () => START, initial: defaultData(keys) });
  const readOnly = { ...registry, commit: () => Promise.reject(new RegistryUnavailable('read-only')) };
  const read = readSettings(exchangeSettings, {
    FULLMAKT_EXCHANGE_ISSUER: ISSUER,
    FULLMAKT_EXCHANGE_WILDCARD_GRANTS: 'tokens',
  });
  assert.ok(read.ok);
  const starting = createExchange(read.settings, {
    registry: readOnly,
    signingKeys: { store: keys.store, wrapper: keys.wrapper },
    replay: createMemoryReplay({ now: () => START }),
    fetch,
    now: () => START,
    emit: () => {},
  });
  await assert.rejects(starting, RegistryUnavailable);
  assert.deepEqual(await registry.replicas.live(), []);
});

test('2: figures are given by name when names are asked for, a histogram with all its parts', async (t) => {
  const text = [
    '# HELP first_total First.',
    '# TYPE first_total counter',
    'first_total{a="x"} 1',
    '# HELP time Time.',
    '# TYPE time histogram',
    'time_bucket{le="1"} 1',
    'time_sum 0.5',
    'time_count 1',
    '',
  ].join('\n');
  const world = await createWorld({ keys, metrics: () => Promise.resolve(text) });
  t.after(() => world.close());
  const get = async (query: string): Promise<string> => (await world.send('GET', `/internal/metrics${query}`)).text;
  assert.equal(await get(''), text);
  assert.equal(await get('?name[]=first_total'), `${text.split('\n').slice(0, 3).join('\n')}\n`);
  assert.equal(await get('?name%5B%5D=time'), text.split('\n').slice(3).join('\n'));
  assert.equal(await get('?name[]=time_count'), '# HELP time Time.\n# TYPE time histogram\ntime_count 1\n');
  assert.equal(await get('?name[]=none'), '');
  assert.equal(await get('?name[]=first_total&name[]=time'), text);
});
