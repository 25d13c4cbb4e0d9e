import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { plain } from '../../web/http.ts';
import { makeKeys, START } from '../testing/sidecar.ts';
import { startStandard } from '../testing/standard.ts';
import type { StandardWorld } from '../testing/standard.ts';
import { introspectionAnswer } from './introspection-answer.ts';

const keys = await makeKeys();
const times = { iat: START, exp: START + 600 };

function entraToken({ provider }: StandardWorld, more: object = {}): Promise<string> {
  return provider.mint({ iss: `${provider.origin}/entra`, aud: 'entra-client', ...times, ...more });
}

test('a good token is told of with its claims, active, token_type, and client_id and scope for azp and scp (3.7, RFC 7662 2.2)', async (t) => {
  const world = await startStandard(t, keys);
  const token = await entraToken(world, { azp: 'caller', scp: 'read write', active: false, error: 'x', oid: 'o' });
  const expected = {
    active: true,
    token_type: 'Bearer',
    client_id: 'caller',
    scope: 'read write',
    iss: `${world.provider.origin}/entra`,
    aud: 'entra-client',
    ...times,
    azp: 'caller',
    scp: 'read write',
    oid: 'o',
  };
  const form = { token, token_type_hint: 'refresh_token', client_id: 'somebody' };
  for (const path of ['/oauth2/entra_id/introspect', '/oauth2/introspect', '/oauth2/introspect']) {
    const { status, body, headers } = await world.ask(path, form);
    assert.deepEqual([status, body], [200, expected]);
    assert.deepEqual([headers.get('content-type'), headers.get('cache-control')], ['application/json', 'no-store']);
  }
  const told = world.sidecar.events.flatMap((each) =>
    each.event === 'sidecar.cache' ? [[each.path, each.result]] : [],
  );
  assert.deepEqual(told, [
    ['/oauth2/:provider/introspect', 'miss'],
    ['/oauth2/introspect', 'hit'],
    ['/oauth2/introspect', 'hit'],
  ]);
});

test('the issuer is chosen by iss where the path names none, and each by its own rules (3.7)', async (t) => {
  const { provider, sidecar, ask } = await startStandard(t, keys);
  const tokens = [
    ['entra_id', { iss: '/entra', aud: 'entra-client' }],
    ['tokenx', { iss: '/tokenx', aud: 'local:fleet:api' }],
    ['idporten', { iss: '/idporten', aud: 'https://api.example' }],
    ['maskinporten', { iss: '/maskinporten/' }],
  ] as const;
  for (const [name, claims] of tokens) {
    const token = await provider.mint({ ...times, ...claims, iss: provider.origin + claims.iss });
    assert.equal((await ask('/oauth2/introspect', { token })).body['active'], true, name);
    assert.equal((await ask(`/oauth2/${name}/introspect`, { token })).body['active'], true, name);
    const elsewhere = name === 'tokenx' ? 'idporten' : 'tokenx';
    assert.deepEqual((await ask(`/oauth2/${elsewhere}/introspect`, { token })).body, { active: false }, name);
  }
  const named = sidecar.events.flatMap((each) => (each.event === 'sidecar.request' ? [each.provider] : []));
  assert.deepEqual(new Set(named), new Set(tokens.map(([name]) => name)));
});

test('of any other token exactly {"active":false} is said, also where its provider is off (RFC 7662 2.2)', async (t) => {
  const world = await startStandard(t, keys, { MASKINPORTEN_ENABLED: 'false' });
  const { provider, ask } = world;
  const bad = [
    'nonsense',
    'a.b.c',
    `${await entraToken(world)}x`,
    await entraToken(world, { exp: START - 60, iat: START - 90 }),
    await entraToken(world, { aud: 'another' }),
    await entraToken(world, { iss: 'https://nobody.example' }),
    await entraToken(world, { iss: 7 }),
    await provider.mint({ iss: `${provider.origin}/entra`, aud: 'entra-client', ...times }, { key: keys.stranger }),
    await provider.mint({ iss: `${provider.origin}/maskinporten/`, ...times }),
    'x'.repeat(20_000),
  ];
  for (const token of bad) {
    for (const path of ['/oauth2/introspect', '/oauth2/entra_id/introspect', '/oauth2/maskinporten/introspect']) {
      const { status, text } = await ask(path, { token });
      assert.deepEqual([status, text], [200, '{"active":false}'], `${path} ${token.slice(0, 20)}`);
    }
  }
});

test('without a token, twice a token, or at no provider there is no verdict (RFC 7662 2.1)', async (t) => {
  const { ask } = await startStandard(t, keys);
  for (const path of ['/oauth2/introspect', '/oauth2/tokenx/introspect']) {
    for (const form of ['', 'token=', 'token=a&token=b', 'token=%ff']) {
      const { status, body } = await ask(path, form);
      assert.deepEqual([status, body['error']], [400, 'invalid_request'], `${path} ${form}`);
    }
  }
  assert.equal((await ask('/oauth2/nobody/introspect', { token: 'a' })).status, 404);
});

test('where keys cannot be had nobody can tell: 503 server_error, and when to ask again (3.7)', async (t) => {
  const world = await startStandard(t, keys);
  world.provider.keySet = () => plain(404, 'gone');
  const { status, body, headers } = await world.ask('/oauth2/introspect', { token: await entraToken(world) });
  assert.deepEqual([status, body['error'], headers.get('retry-after')], [503, 'server_error', '1']);
});

test('claims stay as they were written, numbers beyond 2^53 among them (3.5, 3.7)', () => {
  assert.equal(
    introspectionAnswer('{"active":true,"n":9007199254740993,"scp":["a","b"],"u":"\\u00f8"}'),
    '{"active":true,"token_type":"Bearer","scope":"a b","n":9007199254740993,"scp":["a","b"],"u":"\\u00f8"}',
  );
  assert.equal(
    introspectionAnswer('{"active":true,"client_id":"c","azp":"a","token_type":"N_A","scope":"s","scp":"t"}'),
    '{"active":true,"token_type":"N_A","client_id":"c","scope":"s","azp":"a","scp":"t"}',
  );
  assert.equal(
    introspectionAnswer('{"active":true,"client_id":7,"scope":{"a":1},"scp":[1]}'),
    '{"active":true,"token_type":"Bearer","scp":[1]}',
  );
});

test('whatever the claims are, each member is there once and the verdict stands (RFC 7662 2.2)', () => {
  const names = fc.constantFrom('active', 'token_type', 'client_id', 'azp', 'scope', 'scp', 'error', 'a');
  fc.assert(
    fc.property(fc.dictionary(names, fc.jsonValue()), (claims) => {
      const written = JSON.stringify(claims);
      // No token with such a member gets as far as here.
      fc.pre(!written.includes('"__proto__"'));
      const text = introspectionAnswer(written);
      const told: Record<string, unknown> = JSON.parse(text);
      assert.equal(told['active'], true);
      assert.equal(typeof told['token_type'], 'string');
      for (const name of ['client_id', 'scope']) assert.ok(['string', 'undefined'].includes(typeof told[name]), name);
      if ('a' in claims) assert.deepEqual(told['a'], JSON.parse(JSON.stringify(claims['a'])));
    }),
  );
});
