import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { assert as check, integer, nat, property, string, stringMatching } from 'fast-check';
import { parsePeople } from './people/people.ts';
import { FIRST_PEOPLE } from './people/first.ts';
import { isSyntheticPid } from './people/pid.ts';
import { requireLoopback, requireMarkedIssuer, UnsafeSetting } from './safety.ts';
import { CLIENTS } from './testing/rows.ts';
import { transactionOf } from './testing/page.ts';
import { authorizeUrl, DESK_CALLBACK, PID, redirected, visit } from './testing/sign-in.ts';
import type { Jar } from './testing/sign-in.ts';
import { form, ISSUERS, openWorld, TENANT } from './testing/world.ts';

const world = await openWorld();
after(() => world.close());

test("topology: the two origins of ID-porten do not serve each other's paths", async () => {
  for (const path of ['/authorize', '/logout'])
    assert.equal((await world.fetch(`${ISSUERS.idporten}${path}`)).status, 404);
  for (const path of ['/token', '/par', '/userinfo', '/jwks.json', '/.well-known/openid-configuration']) {
    assert.equal((await world.fetch(`${ISSUERS.login}${path}`)).status, 404);
  }
});

test('topology: the issuer is immune to Host, and the http alias of Entra keeps the https issuer', async () => {
  const { origin } = world.listener('ID-porten');
  const response = await world.fetch(`${origin.replace('127.0.0.1', 'localhost')}/.well-known/openid-configuration`);
  assert.equal(((await response.json()) as Record<string, unknown>)['issuer'], ISSUERS.idporten);
  const path = `/${TENANT}/v2.0/.well-known/openid-configuration`;
  const [alias, real] = await Promise.all([
    world.fetch(`http://localhost:7420${path}`),
    world.fetch(`${ISSUERS.entra}${path}`),
  ]);
  const text = await alias.text();
  assert.equal(text, await real.text());
  assert.match(text, /"issuer":"https:\/\/localhost:7421\//);
});

test('topology: each service has cookies of its own name, HttpOnly and Lax, Secure on https', async () => {
  const idporten = await world.fetch(authorizeUrl({ login_hint: `testid:${PID}_idporten-loa-high` }));
  assert.match(
    idporten.headers.getSetCookie()[0] ?? '',
    /^fm_idporten_sso=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/,
  );
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: CLIENTS.desk,
    redirect_uri: DESK_CALLBACK,
    scope: 'openid',
    login_hint: 'testid:Z990001',
  });
  const entra = await world.fetch(`${ISSUERS.entra}/${TENANT}/oauth2/v2.0/authorize?${query.toString()}`);
  assert.match(
    entra.headers.getSetCookie()[0] ?? '',
    /^fm_entra_sso=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  );
});

test('safety: addresses others can reach, and issuers that could pass for the real ones, are refused at start', () => {
  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'example.test']) {
    assert.throws(
      () => requireLoopback(host, false),
      (error) =>
        error instanceof UnsafeSetting &&
        error.exitCode === 78 &&
        error.message.includes(host) &&
        error.message.includes('--allow-non-loopback'),
    );
    requireLoopback(host, true);
  }
  for (const issuer of [
    'http://localhost:1',
    'https://127.0.0.1:2/x',
    'http://[::1]:3/',
    'http://fullmakt-local:7410',
    'https://a.fullmakt-local.b',
  ])
    requireMarkedIssuer(issuer, 'THE_SETTING');
  for (const issuer of [
    'https://idporten.no',
    'https://fullmakt-local.idporten.no',
    'https://fullmakt-local.idporten.no.',
    'https://x.microsoftonline.com',
    'https://example.test',
    'https://xfullmakt-local',
    'nonsense',
  ]) {
    assert.throws(() => requireMarkedIssuer(issuer, 'THE_SETTING'), {
      name: 'UnsafeSetting',
      message: /fullmakt-local \(THE_SETTING\)$/,
    });
  }
});

test('safety: keys and seed are for the owner only, and every answer carries the mark', async () => {
  for (const name of [
    'seed',
    'ca.key',
    'localhost.key',
    'keys/idporten.json',
    'keys/entra.json',
    'keys/maskinporten.json',
  ]) {
    assert.equal((await stat(join(world.stateDir, name))).mode & 0o777, 0o600, name);
  }
  assert.equal((await world.fetch(`${ISSUERS.maskinporten}nothing`)).headers.get('x-fullmakt-local'), 'maskinporten');
});

test('safety: a pid passes only with month + 80 and both check digits', () => {
  assert.ok(isSyntheticPid(PID));
  assert.ok(!isSyntheticPid('01019090285'));
  check(
    property(stringMatching(/^\d{11}$/), (text) => {
      const month = Number(text.slice(2, 4));
      return !isSyntheticPid(text) || (month >= 81 && month <= 92);
    }),
  );
  check(
    property(nat(10), integer({ min: 1, max: 9 }), (at, step) => {
      const digit = (Number(PID[at]) + step) % 10;
      return !isSyntheticPid(`${PID.slice(0, at)}${digit}${PID.slice(at + 1)}`);
    }),
  );
});

test('people: twelve at first start, five employees, one of them in no group', () => {
  const { people, skipped } = parsePeople(FIRST_PEOPLE);
  assert.deepEqual([people.length, skipped.length], [12, 0]);
  const employees = people.filter((person) => person.employee !== undefined);
  assert.equal(employees.length, 5);
  assert.equal(employees.filter((person) => person.employee?.groups.length === 0).length, 1);
});

test('people: a changed file acts on the next sign-in; a bad entry is named by line and left out, without its pid', async () => {
  const file = join(world.stateDir, 'people.yaml');
  const text = await readFile(file, 'utf8');
  await writeFile(file, `${text}- pid: "01019012345"\n  name: {given: Ekte, family: Person}\n`);
  world.events.length = 0;
  assert.equal(world.idp.people.all().length, 12);
  const skipped = world.events.find((event) => event.event === 'idp.person_skipped');
  assert.ok(skipped?.event === 'idp.person_skipped');
  assert.equal(skipped.line, text.split('\n').length);
  assert.doesNotMatch(skipped.problem, /\d{11}/);
  assert.equal(world.idp.people.find('01019012345'), undefined);
});

function told(text: string): readonly string[] {
  return parsePeople(text).skipped.map(({ line, problem }) => `${line} ${problem}`);
}

test('people: whatever is no person is named by its own line, and a file that is no list is not taken for an empty one', () => {
  assert.deepEqual(told('pid: "01819090285"'), ['1 not a list of people']);
  assert.deepEqual(told('- [\n'), ['2 not readable as YAML: bad indent']);
  assert.deepEqual(told(''), []);
  assert.deepEqual(told('\n- somebody\n-\n'), [
    '2 entry: Invalid input: expected object, received string',
    '3 entry: Invalid input: expected object, received null',
  ]);
});

test('people: parsing never throws, whatever the file holds', () => {
  check(property(string(), (text) => void parsePeople(text)));
});

test('page: forms only, no script, banner, strict policy, stable names; below the level is not offered', async () => {
  const response = await world.fetch(
    authorizeUrl({ acr_values: 'idporten-loa-high', ui_locales: 'en', state: '"<script>' }),
  );
  const page = await response.text();
  assert.match(page, /local test service/i);
  assert.doesNotMatch(page, /<script/);
  for (const part of [
    '<form id="fm-login"',
    'name="person"',
    'name="pid"',
    'value="high"',
    'id="fm-continue"',
    'id="fm-cancel"',
    'lang="en"',
  ]) {
    assert.ok(page.includes(part), part);
  }
  assert.ok(!page.includes('value="substantial"'));
  const policy = response.headers.get('content-security-policy') ?? '';
  for (const part of ["default-src 'none'", "form-action 'self' http://127.0.0.1:7500", "frame-ancestors 'none'"])
    assert.ok(policy.includes(part), policy);
  assert.deepEqual(
    [response.headers.get('referrer-policy'), response.headers.get('cache-control')],
    ['no-referrer', 'no-store'],
  );
});

async function openPage(jar: Jar, parameters: Record<string, string> = {}): Promise<string> {
  const page = await (await visit(world, jar, authorizeUrl(parameters))).text();
  return transactionOf(page);
}

test('page: a person and a level give a code by 303, once, and the next visit needs no page', async () => {
  const jar: Jar = new Map();
  const transaction = await openPage(jar);
  const post = (): Promise<Response> =>
    visit(world, jar, `${ISSUERS.login}/authorize`, form({ transaction, person: PID, acr: 'high', continue: '1' }));
  const answer = await post();
  assert.equal(answer.status, 303);
  assert.ok(redirected(answer).get('code'));
  assert.equal((await post()).status, 400);
  assert.ok(redirected(await visit(world, jar, authorizeUrl())).get('code'));
});

test('page: cancel answers access_denied; a real or mistyped pid shows the page again; a made-up one signs in', async () => {
  const jar: Jar = new Map();
  const send = async (fields: Record<string, string>): Promise<Response> =>
    await visit(
      world,
      jar,
      `${ISSUERS.login}/authorize`,
      form({ transaction: await openPage(jar, { prompt: 'login' }), ...fields }),
    );
  assert.equal(redirected(await send({ cancel: '1' })).get('error'), 'access_denied');
  const wrong = await send({ pid: '01019090285', acr: 'high' });
  assert.equal(wrong.status, 200);
  assert.match(await wrong.text(), /id="fm-problem"/);
  assert.equal((await send({ person: PID, acr: 'other' })).status, 200);
  assert.ok(redirected(await send({ pid: '290194 00000', acr: 'high' })).get('code') === null);
  assert.ok(redirected(await send({ pid: '14828530152', acr: 'substantial' })).get('code'));
});

test('page: the form works only in the browser it was shown in', async () => {
  const transaction = await openPage(new Map());
  const other: Jar = new Map();
  await openPage(other);
  const stolen = await visit(
    world,
    other,
    `${ISSUERS.login}/authorize`,
    form({ transaction, person: PID, acr: 'high' }),
  );
  assert.equal(stolen.status, 400);
});

test('page: form_post answers with a form that a person can send without scripts', async () => {
  const response = await world.fetch(
    authorizeUrl({ response_mode: 'form_post', state: '"<b>', login_hint: `testid:${PID}_idporten-loa-high` }),
  );
  const page = await response.text();
  assert.ok(page.includes('<form method="post" action="http://127.0.0.1:7500/oauth2/callback">'));
  assert.ok(page.includes('name="state" value="&quot;&lt;b&gt;"'));
  assert.ok(page.includes('id="fm-continue"'));
  assert.match(response.headers.get('content-security-policy') ?? '', /script-src 'sha256-/);
});

test('page: Entra lists the employees of the tenant, without levels and without a field for a pid', async () => {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: CLIENTS.desk,
    redirect_uri: DESK_CALLBACK,
    scope: 'openid',
  });
  const page = await (await world.fetch(`${ISSUERS.entra}/${TENANT}/oauth2/v2.0/authorize?${query.toString()}`)).text();
  assert.equal(page.match(/name="person"/g)?.length, 5);
  assert.ok(!page.includes('name="acr"') && !page.includes('name="pid"'));
});
