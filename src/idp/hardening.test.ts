import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { readSettings } from '../settings.ts';
import { rawExchange } from '../web/testing/raw-client.ts';
import { idpSettings } from './config.ts';
import { originOf } from './pages/pages.ts';
import { parsePeople } from './people/people.ts';
import { CLIENTS } from './testing/rows.ts';
import { transactionOf } from './testing/page.ts';
import { askToken, authorizeUrl, codeAt, DESK_CALLBACK, employeeTokens, PID, redeem } from './testing/sign-in.ts';
import { redirected, visit } from './testing/sign-in.ts';
import type { Jar } from './testing/sign-in.ts';
import { form, ISSUERS, openWorld, TENANT } from './testing/world.ts';

const world = await openWorld({ personas: ['idporten', 'entra'] });
after(() => world.close());

const LOGIN = `${ISSUERS.login}/authorize`;

async function openPage(jar: Jar, parameters: Record<string, string> = {}): Promise<Record<string, string>> {
  const page = await (await visit(world, jar, authorizeUrl({ prompt: 'login', ...parameters }))).text();
  return { transaction: transactionOf(page), person: PID, acr: 'high', continue: '1' };
}

test('the sign-in form of another origin is refused, though its browser sends the cookie (Fetch Metadata)', async () => {
  for (const site of ['cross-site', 'same-site']) {
    const jar: Jar = new Map();
    const fields = await openPage(jar);
    assert.equal((await visit(world, jar, LOGIN, form(fields, { 'sec-fetch-site': site }))).status, 400);
    const own = await visit(world, jar, LOGIN, form(fields, { 'sec-fetch-site': 'same-origin' }));
    assert.ok(redirected(own).get('code'), 'the attempt is still there for its own page');
  }
});

test('two transaction cookies count as none: one of them was planted', async () => {
  const jar: Jar = new Map();
  const fields = await openPage(jar);
  const cookie = `fm_idporten_tx=${jar.get('fm_idporten_tx') ?? ''}`;
  const planted = `fm_idporten_tx=${'p'.repeat(43)}`;
  assert.equal((await world.fetch(LOGIN, form(fields, { cookie: `${cookie}; ${planted}` }))).status, 400);
});

test('a cookie planted before the sign-in is no session after it, and every sign-in has a new one', async () => {
  const planted: Jar = new Map([['fm_idporten_sso', 'p'.repeat(43)]]);
  await codeAt(world, {}, planted);
  const first = planted.get('fm_idporten_sso');
  assert.notEqual(first, 'p'.repeat(43));
  await codeAt(world, {}, planted);
  const old: Jar = new Map([['fm_idporten_sso', first ?? '']]);
  assert.equal(redirected(await visit(world, old, authorizeUrl({ prompt: 'none' }))).get('error'), 'login_required');
});

test('a redirect URI that lost its registration while the page was open gets no code', async () => {
  const jar: Jar = new Map();
  const fields = await openPage(jar);
  const { registry } = world.deps;
  const client = registry.snapshot().client('idporten', CLIENTS.portal);
  assert.ok(client?.registration.provider === 'idporten');
  const write = async (redirectUris: readonly string[]): Promise<void> => {
    const registration = { ...client.registration, redirectUris } as typeof client.registration;
    assert.equal(
      await registry.commit(registry.snapshot().version, { putClients: [{ ...client, registration }] }),
      'ok',
    );
  };
  await write(['http://127.0.0.1:7500/elsewhere']);
  const answer = await visit(world, jar, LOGIN, form(fields));
  await write(client.registration.redirectUris);
  assert.deepEqual([answer.status, answer.headers.get('location')], [400, null]);
});

test('a code travels in an answer that is not stored and tells no referrer; by 302 to a GET, by 303 to a form', async () => {
  const answer = await world.fetch(authorizeUrl({ login_hint: `testid:${PID}_idporten-loa-high` }));
  const { headers } = answer;
  assert.deepEqual(
    [answer.status, headers.get('cache-control'), headers.get('referrer-policy')],
    [302, 'no-store', 'no-referrer'],
  );
  const jar: Jar = new Map();
  assert.equal((await visit(world, jar, LOGIN, form(await openPage(jar)))).status, 303);
});

test('max_age=0 asks for a new sign-in, however young the session is (OpenID Connect Core 3.1.2.1)', async () => {
  const jar: Jar = new Map();
  await codeAt(world, {}, jar);
  const silent = await visit(world, jar, authorizeUrl({ prompt: 'none', max_age: '0' }));
  assert.equal(redirected(silent).get('error'), 'login_required');
});

test('of ten simultaneous uses of one code or pushed request exactly one wins', async () => {
  const code = await codeAt(world);
  const tokens = await Promise.all(Array.from({ length: 10 }, () => askToken(world, redeem(code))));
  assert.equal(tokens.filter(({ status }) => status === 200).length, 1);
  const jar: Jar = new Map();
  const fields = await openPage(jar);
  const answers = await Promise.all(Array.from({ length: 10 }, () => visit(world, jar, LOGIN, form(fields))));
  assert.equal(answers.filter(({ status }) => status === 303).length, 1);
});

test('ten pages at once all end in a code: attempts are independent', async () => {
  const jar: Jar = new Map();
  const pages: Record<string, string>[] = [];
  for (let tab = 0; tab < 10; tab += 1) pages.push(await openPage(jar, { state: `tab${tab}` }));
  for (const [tab, fields] of pages.entries()) {
    const answer = redirected(await visit(world, jar, LOGIN, form(fields)));
    assert.ok(answer.get('code'));
    assert.equal(answer.get('state'), `tab${tab}`);
  }
});

test('an access token of Entra is no id_token_hint: an API could end the session of its caller', async () => {
  const { body } = await employeeTokens(world, `openid ${CLIENTS.middle}/.default`);
  const out = (hint: unknown): Promise<Response> => {
    const query = new URLSearchParams({ id_token_hint: String(hint), post_logout_redirect_uri: DESK_CALLBACK });
    return world.fetch(`${ISSUERS.entra}/${TENANT}/oauth2/v2.0/logout?${query.toString()}`);
  };
  assert.equal((await out(body['access_token'])).status, 400);
  assert.equal((await out(body['id_token'])).headers.get('location'), DESK_CALLBACK);
});

test('the token URL as audience of an assertion passes at ID-porten, with a warning', async () => {
  world.events.length = 0;
  const client_assertion = await world.assertion(CLIENTS.portal, `${ISSUERS.idporten}/token`);
  assert.equal((await askToken(world, { ...redeem('a.b'), client_assertion })).body['error'], 'invalid_grant');
  assert.deepEqual(
    world.events.filter(({ event }) => event === 'idp.token_url_audience'),
    [{ event: 'idp.token_url_audience', persona: 'idporten', client: CLIENTS.portal }],
  );
});

test('client-request-id comes back in an error by redirect too (entra-14-tolerance)', async () => {
  const id = '7e0a9b3c-1111-4222-8333-944445555666';
  const query = new URLSearchParams({
    client_id: CLIENTS.desk,
    redirect_uri: DESK_CALLBACK,
    response_type: 'code',
    scope: 'openid',
    prompt: 'none',
    'client-request-id': id,
  });
  const answer = await world.fetch(`${ISSUERS.entra}/${TENANT}/oauth2/v2.0/authorize?${query.toString()}`);
  assert.match(redirected(answer).get('error_description') ?? '', new RegExp(`Correlation ID: ${id} `));
});

test('a client that leaves in the middle of its form is no failure of ours', async (t) => {
  world.events.length = 0;
  const { port } = world.listener('ID-porten');
  const head = 'POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n';
  const { connect } = await import('node:net');
  await new Promise<void>((resolve) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`${head}Content-Length: 9\r\n\r\nhalf`, () => socket.destroy()),
    );
    socket.on('close', () => resolve());
  });
  await rawExchange(t, port, 'GET /jwks.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  assert.deepEqual(world.events, []);
});

function problems(env: Record<string, string>): readonly string[] {
  const read = readSettings(idpSettings, env);
  return read.ok ? [] : read.problems;
}

test('issuers are origins, exactly: only that of Maskinporten ends in a slash', () => {
  assert.equal(problems({ FULLMAKT_IDP_IDPORTEN_ISSUER: 'http://localhost:7410/' }).length, 1);
  assert.equal(problems({ FULLMAKT_IDP_IDPORTEN_ISSUER: 'http://localhost:7410/path' }).length, 1);
  assert.equal(problems({ FULLMAKT_IDP_MASKINPORTEN_ISSUER: 'http://localhost:7430' }).length, 1);
  assert.equal(problems({ FULLMAKT_IDP_MASKINPORTEN_ISSUER: 'http://localhost:7430/' }).length, 0);
});

test('an entry of aliases upon aliases is left out, the others stand', () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const bomb = names.map((name, index) => `${name}: &${name} [${`*${names[index - 1] ?? ''},`.repeat(9)}]`);
  const text = `- ${bomb.join('\n  ').replace('[*,*,*,*,*,*,*,*,*,]', '[x]')}\n- {pid: "${PID}", name: {given: A, family: B}}\n`;
  const { people, skipped } = parsePeople(text);
  assert.deepEqual([people.map(({ pid }) => pid), skipped.length], [[PID], 1]);
});

test('no registered address writes a directive into the Content-Security-Policy', () => {
  assert.equal(originOf('http://a;script-src/x'), "'none'");
  assert.equal(originOf('http://127.0.0.1:7500/x'), 'http://127.0.0.1:7500');
});
