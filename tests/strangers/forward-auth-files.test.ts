import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { HOST, send } from './forward-auth-browser.ts';
import { exampleFile, startGuarded } from './forward-auth-world.ts';

/** What a parsed file holds at a path of names and positions; fails the test when there is nothing. */
function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let here: unknown = value;
  for (const name of path) {
    assert.ok(typeof here === 'object' && here !== null && Object.hasOwn(here, name), `nothing at ${path.join('.')}`);
    here = Reflect.get(here, name);
  }
  return here;
}

function list(value: unknown): readonly unknown[] {
  assert.ok(Array.isArray(value));
  return value;
}

const OWNED = [
  'x-wonderwall-forward-auth-token',
  'x-original-url',
  'x-forwarded-uri',
  'x-forwarded-method',
  'x-rewrite-url',
  'x-forwarded-prefix',
  'forwarded',
];

test('T22 Traefik: its file asks, strips and closes the checks, and the login answers its form of question', async (t) => {
  const file: unknown = parse(await exampleFile('traefik/fullmakt.yaml', {}));
  const http = at(file, 'http');
  const forwardAuth = at(http, 'middlewares', 'fullmakt-check', 'forwardAuth');
  const address = new URL(String(at(forwardAuth, 'address')));
  assert.equal(at(forwardAuth, 'trustForwardHeader'), false);
  assert.deepEqual(at(forwardAuth, 'authResponseHeaders'), ['Authorization', 'X-Wonderwall-Forward-Auth-Token']);
  const stripped = at(http, 'middlewares', 'fullmakt-strip', 'headers', 'customRequestHeaders');
  assert.ok(typeof stripped === 'object' && stripped !== null);
  const empty = Object.entries(stripped).filter(([, value]) => value === '');
  const names = new Set(empty.map(([name]) => name.toLowerCase()));
  for (const name of [...OWNED, 'http2-settings']) assert.ok(names.has(name), name);
  assert.deepEqual(at(http, 'routers', 'application', 'middlewares'), ['fullmakt-strip', 'fullmakt-check']);
  const [application, login, checks] = ['application', 'fullmakt', 'fullmakt-checks'].map((name) =>
    at(http, 'routers', name),
  );
  assert.ok(Number(at(checks, 'priority')) > Number(at(login, 'priority')));
  assert.ok(Number(at(login, 'priority')) > Number(at(application, 'priority')));
  assert.match(String(at(checks, 'rule')), new RegExp(`PathPrefix\\(\`${address.pathname}\`\\)`));
  assert.equal(at(checks, 'service'), 'noop@internal');

  const { login: world } = await startGuarded(t);
  // Traefik asks with GET, the headers of the request in question, and its own of these names.
  const ask = (uri: string, more: Record<string, string> = {}): ReturnType<typeof send> =>
    send({ port: world.port, secure: false }, address.pathname + address.search, {
      headers: {
        host: address.host,
        'X-Forwarded-Method': 'GET',
        'X-Forwarded-Proto': 'https',
        'X-Forwarded-Host': HOST,
        'X-Forwarded-Uri': uri,
        'X-Forwarded-For': '192.0.2.1',
        ...more,
      },
    });
  const link = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
  const denied = await ask('/secret?x', link);
  assert.equal(denied.status, 302);
  const back = encodeURIComponent(`https://${HOST}/secret?x`);
  assert.equal(denied.headers.location, `https://${HOST}/oauth2/login?redirect=${back}`);
  assert.equal((await ask('/secret')).status, 401);
  assert.equal((await ask('/public/x')).status, 204);
  assert.equal((await ask('/public/../x')).status, 400);
});

test('T22 Envoy: its file asks, strips and closes the checks, and the login answers its form of question', async (t) => {
  const file: unknown = parse(await exampleFile('envoy/envoy.yaml', {}));
  const chain = at(file, 'static_resources', 'listeners', 0, 'filter_chains', 0);
  const manager = at(chain, 'filters', 0, 'typed_config');
  assert.equal(at(manager, 'normalize_path'), false);
  assert.equal(at(manager, 'path_with_escaped_slashes_action'), 'REJECT_REQUEST');
  assert.equal(at(manager, 'common_http_protocol_options', 'headers_with_underscores_action'), 'DROP_HEADER');
  const filters = list(at(manager, 'http_filters'));
  assert.deepEqual(
    filters.map((filter) => String(at(filter, 'name')).split('.').at(-1)),
    ['strip', 'ext_authz', 'router'],
  );
  const mutations = list(at(filters[0], 'typed_config', 'mutations', 'request_mutations'));
  const removed = new Set(mutations.map((mutation) => at(mutation, 'remove')));
  for (const name of [...OWNED, 'authorization', 'x-forwarded-host']) assert.ok(removed.has(name), name);
  const authz = at(filters[1], 'typed_config');
  assert.equal(at(authz, 'failure_mode_allow'), false);
  assert.equal(at(authz, 'status_on_error', 'code'), 'ServiceUnavailable');
  const service = at(authz, 'http_service');
  const prefix = String(at(service, 'path_prefix'));
  const sent = list(at(service, 'authorization_request', 'allowed_headers', 'patterns'));
  assert.ok(sent.some((pattern) => JSON.stringify(pattern) === '{"exact":"cookie"}'));
  for (const names of ['sec-fetch-', 'sec-websocket-'])
    assert.ok(sent.some((pattern) => JSON.stringify(pattern) === JSON.stringify({ prefix: names })));
  assert.deepEqual(at(manager, 'upgrade_configs'), [{ upgrade_type: 'websocket' }]);
  const routes = list(at(manager, 'route_config', 'virtual_hosts', 0, 'routes'));
  assert.deepEqual(
    routes.map((route) => at(route, 'match', 'prefix')),
    ['/oauth2/session/forwardauth', '/oauth2/', '/'],
  );
  assert.equal(at(routes[0], 'direct_response', 'status'), 404);
  assert.ok(!Object.hasOwn(Object(routes[2]), 'typed_per_filter_config'));

  const { login: world } = await startGuarded(t);
  const ask = (method: string, path: string, more: Record<string, string> = {}): ReturnType<typeof send> =>
    send({ port: world.port, secure: false }, prefix + path, {
      method,
      headers: { 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.1', 'content-length': '0', ...more },
    });
  const link = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
  const denied = await ask('GET', '/secret?x', link);
  assert.equal(denied.status, 302);
  const back = encodeURIComponent(`https://${HOST}/secret?x`);
  assert.equal(denied.headers.location, `https://${HOST}/oauth2/login?redirect=${back}`);
  assert.equal((await ask('POST', '/secret', link)).status, 401);
  assert.equal((await ask('DELETE', '/public/x')).status, 200);
  assert.equal((await ask('GET', '/public/../x')).status, 400);
  assert.equal((await ask('GET', '/public/x', { 'x-forwarded-proto': 'http' })).status, 400);
});
