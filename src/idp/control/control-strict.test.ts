import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { listOf, openControlOf } from '../testing/control.ts';
import { foreignKey } from '../testing/keys.ts';
import { guid } from '../testing/rows.ts';
import { CALLBACK, codeAt, PID, redeem } from '../testing/sign-in.ts';
import { form, ISSUERS, openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['idporten', 'entra', 'maskinporten', 'openid'] });
after(() => world.close());
const control = await openControlOf(world);
const rsa = await foreignKey('strict-rsa');
const SECRET_CLIENT = {
  client_id: 'strict',
  token_endpoint_auth_method: 'client_secret_post',
  client_secret: 's3cret',
  redirect_uris: [CALLBACK],
};

/** Hooks would act on the tests of every file of the run. */
async function startAgain(): Promise<void> {
  await control('POST', '/v1/reset');
}

/** A body as it is written. */
async function post(path: string, body: string | Uint8Array<ArrayBuffer>): Promise<readonly [number, unknown]> {
  const token = (await readFile(join(world.stateDir, 'control-token'), 'utf8')).trim();
  const url = `${world.listener('Control API').origin}${path}`;
  const response = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body });
  const { error } = (await response.json()) as { readonly error?: unknown };
  return [response.status, error];
}

test('control: a body that two readers could understand differently, or nobody, is 400', async () => {
  for (const body of [
    '{"kind":"id","kind":"access"}',
    '{"claims":{"__proto__":{"admin":true}}}',
    `{"claims":{"deep":${'['.repeat(10_000)}${']'.repeat(10_000)}}}`,
    '\uFEFF{}',
    '{"claims":{"text":"\\ud800"}}',
    Uint8Array.from([0x22, 0xff, 0x22]),
  ]) {
    assert.deepEqual(await post('/v1/idporten/mint', body), [400, 'invalid_request']);
  }
  assert.deepEqual(await post('/v1/idporten/mint', `{"claims":{"x":"${'x'.repeat(1024 * 1024)}"}}`), [
    413,
    'too_large',
  ]);
});

test('control: a member that nobody knows is 422 with its path, wherever it stands', async () => {
  await startAgain();
  const person = { pid: '07876120661', name: { given: 'A', family: 'B' } };
  const jwks = { keys: [rsa.publicJwk] };
  const rows: readonly (readonly [string, object, string])[] = [
    [
      '/v1/openid/clients',
      { redirect_uris: [CALLBACK], post_logout_redirect_uri: [CALLBACK] },
      'post_logout_redirect_uri',
    ],
    ['/v1/idporten/clients', { jwks, scopes: ['openid', { name: 'a:b', tokentype: 'OPAQUE' }] }, 'scopes.1.tokentype'],
    ['/v1/maskinporten/clients', { jwks, scopes: [{ name: 'a:b', token_type: 'SOLID' }] }, 'scopes.0.token_type'],
    ['/v1/entra/clients', { spa: { redirectUris: [CALLBACK], redirectUri: 'x' } }, 'spa.redirectUri'],
    ['/v1/people', { ...person, pid: PID, e_mail: 'x' }, 'e_mail'],
    ['/v1/people', { ...person, pid: PID, name: { ...person.name, middle: 'x' } }, 'name.middle'],
    ['/v1/people', { ...person, pid: PID, employee: { preferred_username: 'a', navident: 'x' } }, 'employee.navident'],
    ['/v1/faults', { persona: 'idporten', fault: 'no-iss', endpoint: 'tokn' }, 'endpoint'],
    ['/v1/faults', { persona: 'idporten', fault: 'propagation' }, 'fault'],
    ['/v1/idporten/keys', { action: 'add', algorithm: 'RS256' }, 'algorithm'],
    ['/v1/reset', { keeps: [] }, 'keeps'],
  ];
  for (const [path, body, field] of rows) {
    const answer = await control('POST', path, body);
    assert.deepEqual([answer.status, answer.body['path']], [422, field], JSON.stringify(answer.body));
  }
});

test('control: a filter that is misspelt is 422 or 404, and does not let everything through', async () => {
  await startAgain();
  for (const [path, field] of [
    ['/v1/issued?client_id=x', 'client_id'],
    ['/v1/issued?client=a&client=b', 'client'],
    ['/v1/issued?since=soon%201', 'since'],
    ['/v1/requests?end_point=token', 'end_point'],
    ['/v1/clock?personas=entra', 'personas'],
    ['/v1/idporten/sessions?notify=yes', 'notify'],
  ] as const) {
    const answer = await control('GET', path);
    assert.deepEqual([answer.status, answer.body['path']], [422, field], path);
  }
  assert.equal((await control('GET', '/v1/issued?persona=oidf-basic')).status, 404);
  assert.equal((await control('GET', '/v1/requests?persona=constructor')).status, 404);
});

test('control: a client of ID-porten brings what its scopes are, and gets the tokens that go with them', async () => {
  await startAgain();
  const scopes = ['openid', { name: 'strict:opaque', token_type: 'OPAQUE' }];
  const made = await control('POST', '/v1/idporten/clients', { ...SECRET_CLIENT, scopes });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const code = await codeAt(world, { client_id: 'strict', scope: 'openid strict:opaque' });
  const fields = { ...redeem(code), client_id: 'strict', client_secret: 's3cret' };
  const answer: unknown = await (await world.fetch(`${ISSUERS.idporten}/token`, form(fields))).json();
  assert.ok(!String((answer as Record<string, unknown>)['access_token']).includes('.'));
  const issued = listOf(await control('GET', '/v1/issued?client=strict'), 'issued');
  assert.deepEqual(issued.map(({ kind }) => String(kind)).toSorted(), ['access', 'id']);
  const again = await control(
    'PUT',
    '/v1/idporten/clients/strict',
    (await control('GET', '/v1/idporten/clients/strict')).body,
  );
  assert.deepEqual([again.status, again.body['scopes']], [200, made.body['scopes']]);
});

test('control: what is shown of a client that is switched off, of a person and of an authorization can be sent back', async () => {
  await startAgain();
  await control('POST', '/v1/idporten/clients', { ...SECRET_CLIENT, active: false });
  const jwks = { keys: [rsa.publicJwk] };
  await control('POST', '/v1/maskinporten/clients', { client_id: 'off', scopes: ['a:b'], jwks, active: false });
  await control('PUT', `/v1/people/${PID}`, {
    name: { given: 'A', family: 'B' },
    email: 'a@example.test',
    address: { country: 'NO' },
  });
  const user = {
    type: 'urn:altinn:systemuser',
    systemuser_org: { authority: 'iso6523-actorid-upis', ID: '0192:310000027' },
    systemuser_id: ['a'],
    system_id: 'system',
  };
  const authorizations = '/v1/maskinporten/authorizations';
  const first = String((await control('POST', authorizations, user)).body['id']);
  const second = String((await control('POST', authorizations, { ...user, system_id: 'other' })).body['id']);
  const paths = ['/v1/idporten/clients/strict', '/v1/maskinporten/clients/off', `/v1/people/${PID}`];
  for (const path of [...paths, `${authorizations}/${first}`]) {
    const shown = await control('GET', path);
    assert.deepEqual(await control('PUT', path, shown.body), shown, path);
    assert.deepEqual(await control('GET', path), shown, path);
  }
  assert.equal((await control('GET', '/v1/idporten/clients/strict')).body['active'], false);
  // One may not become what another is.
  assert.equal((await control('PUT', `${authorizations}/${second}`, user)).status, 409);
  assert.equal(listOf(await control('GET', authorizations), 'authorizations').length, 2);
});

test('control: secrets of an Entra application outlast being shown and sent back; new ones are told once', async () => {
  await startAgain();
  const one = `/v1/entra/clients/${guid(0x99)}`;
  const endDateTime = new Date((world.clock.now + 60) * 1000).toISOString();
  const made = await control('POST', '/v1/entra/clients', {
    appId: guid(0x99),
    passwordCredentials: [{ secretText: 'first' }, { secretText: 'second', endDateTime }],
  });
  assert.equal(made.status, 201);
  const shown = (await control('GET', one)).body;
  const again = await control('PUT', one, shown);
  assert.deepEqual(again.body, shown);
  const ask = async (secret: string): Promise<number> => {
    const fields = { grant_type: 'client_credentials', client_id: guid(0x99), client_secret: secret };
    const url = `${ISSUERS.entra}/example.test/oauth2/v2.0/token`;
    return (await world.fetch(url, form({ ...fields, scope: `${guid(0x99)}/.default` }))).status;
  };
  assert.deepEqual([await ask('first'), await ask('second')], [200, 200]);
  const { passwordCredentials: [kept] = [] } = shown as { readonly passwordCredentials?: readonly object[] };
  const changed = await control('PUT', one, { ...shown, passwordCredentials: [kept, { secretText: 'third' }] });
  assert.ok(JSON.stringify(changed.body).includes('third') && !JSON.stringify(changed.body).includes('first'));
  assert.deepEqual([await ask('first'), await ask('second'), await ask('third')], [200, 401, 200]);
});

test('control: a client cannot be renamed to the app of another', async () => {
  await startAgain();
  await control('POST', '/v1/idporten/clients', SECRET_CLIENT);
  const named = { ...SECRET_CLIENT, client_name: 'local:demo:portal' };
  assert.equal((await control('PUT', '/v1/idporten/clients/strict', named)).status, 409);
});

test('control: propagation for one client waits for a change of that client', async () => {
  await startAgain();
  for (const id of ['mine', 'yours'])
    await control('POST', '/v1/idporten/clients', { ...SECRET_CLIENT, client_id: id });
  await control('POST', '/v1/faults', { persona: 'idporten', client: 'mine', fault: 'propagation:30' });
  await control('PUT', '/v1/idporten/clients/yours', { ...SECRET_CLIENT, client_id: 'yours', redirect_uris: [] });
  assert.match(await codeAt(world, { client_id: 'yours' }), /^no code/);
  assert.equal(listOf(await control('GET', '/v1/faults'), 'faults')[0]?.['hits'], 0);
  await control('PUT', '/v1/idporten/clients/mine', { ...SECRET_CLIENT, client_id: 'mine', redirect_uris: [] });
  assert.equal(listOf(await control('GET', '/v1/faults'), 'faults')[0]?.['hits'], 1);
  assert.doesNotMatch(await codeAt(world, { client_id: 'mine' }), /^no code/);
  await control('PUT', '/v1/clock?persona=idporten', { offset: 30 });
  assert.match(await codeAt(world, { client_id: 'mine' }), /^no code/);
});

test('control: a token file that is replaced counts at once; removed, the last one does', async () => {
  const file = join(world.stateDir, 'control-token');
  const old = await readFile(file, 'utf8');
  await rm(file);
  assert.equal((await control('GET', '/v1/status')).status, 200);
  await writeFile(file, 'another-token\n', { mode: 0o600 });
  assert.equal((await control('GET', '/v1/status')).status, 401);
  assert.equal((await (await openControlOf(world))('GET', '/v1/status')).status, 200);
  await writeFile(file, '');
  assert.equal((await control('GET', '/v1/status')).status, 401);
  await writeFile(file, old);
  assert.equal((await control('GET', '/v1/status')).status, 200);
});

test('control: of clients that name one scope, the last that says what it is counts', async () => {
  await startAgain();
  const jwks = { keys: [rsa.publicJwk] };
  const scopesOf = async (id: string): Promise<unknown> =>
    (await control('GET', `/v1/maskinporten/clients/${id}`)).body['scopes'];
  await control('POST', '/v1/maskinporten/clients', { client_id: 'one', scopes: ['strict:feed'], jwks });
  await control('POST', '/v1/maskinporten/clients', {
    client_id: 'two',
    scopes: [{ name: 'strict:feed', at_max_age: 77 }],
    jwks,
  });
  await control('POST', '/v1/maskinporten/clients', { client_id: 'three', scopes: ['strict:feed'], jwks });
  for (const id of ['one', 'two', 'three']) {
    const [scope] = (await scopesOf(id)) as readonly Record<string, unknown>[];
    assert.deepEqual([scope?.['at_max_age'], scope?.['access']], [77, true], id);
  }
});

test('control: a preflight of a page is refused without any word about other origins; HEAD is GET without its body', async () => {
  const { origin } = world.listener('Control API');
  const token = (await readFile(join(world.stateDir, 'control-token'), 'utf8')).trim();
  const authorization = `Bearer ${token}`;
  const asked = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' };
  const preflight = await fetch(`${origin}/v1/people`, {
    method: 'OPTIONS',
    headers: { origin: 'https://a.example.test', ...asked },
  });
  assert.equal(preflight.status, 403);
  assert.deepEqual(
    [...preflight.headers.keys()].filter((name) => name.startsWith('access-control')),
    [],
  );
  const options = await fetch(`${origin}/v1/people`, { method: 'OPTIONS', headers: { authorization } });
  assert.deepEqual([options.status, options.headers.get('allow')], [405, 'GET, POST, HEAD']);
  const head = await fetch(`${origin}/v1/people`, { method: 'HEAD', headers: { authorization } });
  assert.deepEqual([head.status, await head.text()], [200, '']);
});
