import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { CLIENTS } from '../testing/rows.ts';
import { transactionOf } from '../testing/page.ts';
import { authorizeUrl, DESK_CALLBACK, PID, redirected, visit } from '../testing/sign-in.ts';
import type { Jar } from '../testing/sign-in.ts';
import { form, ISSUERS, openWorld, TENANT } from '../testing/world.ts';

const world = await openWorld({ personas: ['idporten', 'entra'] });
after(() => world.close());

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
  for (const part of ["default-src 'none'", "form-action 'self' http: https:", "frame-ancestors 'none'"])
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
