import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { bearer, headerOf, providerOf } from '../testing/openid.ts';
import { transactionOf } from '../testing/page.ts';
import { claimsOf, PID, redirected, visit } from '../testing/sign-in.ts';
import type { Jar } from '../testing/sign-in.ts';
import { form, openWorld } from '../testing/world.ts';

const OTHER = '14828530152';

const world = await openWorld({ personas: ['oidf-basic'] });
after(() => world.close());
const op = await providerOf(world, 'oidf-basic');
op.register('web');
op.register('other');
op.register('impatient', { default_max_age: 30 });

/** A browser where somebody is signed in, and the ID token of that. */
async function signedIn(pid: string = PID): Promise<{ readonly jar: Jar; readonly token: string }> {
  const jar: Jar = new Map();
  const { body } = await op.redeem((await op.signIn({ login_hint: `testid:${pid}` }, jar)).get('code'));
  return { jar, token: String(body['id_token']) };
}

/** The sign-in page's form, sent. */
async function press(jar: Jar, page: Response, fields: Readonly<Record<string, string>>): Promise<Response> {
  const transaction = transactionOf(await page.text());
  return await visit(world, jar, `${op.issuer}/authorize`, form({ transaction, ...fields }));
}

async function idTokenOf(answer: URLSearchParams, client = 'web'): Promise<Record<string, unknown>> {
  const { body } = await op.redeem(answer.get('code'), {}, client);
  return claimsOf(body['id_token']);
}

test('oidf-plans: prompt=none without a session answers login_required, and with one a code without a page (Core 3.1.2.1)', async () => {
  const nobody = redirected(await op.visit(new Map(), { prompt: 'none' }));
  assert.equal(nobody.get('error'), 'login_required');
  assert.equal(nobody.get('state'), 'st');
  const { jar, token } = await signedIn();
  const answer = redirected(await op.visit(jar, { prompt: 'none' }));
  const again = await idTokenOf(answer);
  assert.equal(again['sub'], claimsOf(token)['sub']);
  assert.equal(again['auth_time'], claimsOf(token)['auth_time']);
});

test('oidf-plans: prompt=none beside another prompt answers invalid_request', async () => {
  const { jar } = await signedIn();
  assert.equal(redirected(await op.visit(jar, { prompt: 'none login' })).get('error'), 'invalid_request');
});

test('oidf-plans: a prompt that metadata does not list answers invalid_request (Initiating User Registration 1.0 4)', async () => {
  const { jar } = await signedIn();
  for (const prompt of ['create', 'login create', 'LOGIN']) {
    const answer = redirected(await op.visit(jar, { prompt }));
    assert.equal(answer.get('error'), 'invalid_request', prompt);
    assert.equal(answer.get('iss'), op.issuer);
  }
});

for (const prompt of ['login', 'select_account', 'consent']) {
  test(`oidf-plans: prompt=${prompt} shows the page to somebody who is signed in, and going on there moves auth_time`, async () => {
    const { jar, token } = await signedIn();
    world.clock.now += 10;
    const page = await op.visit(jar, { prompt });
    assert.equal(page.status, 200);
    const answer = redirected(await press(jar, page, { person: PID, acr: 'high', continue: '1' }));
    const id = await idTokenOf(answer);
    assert.equal(id['sub'], claimsOf(token)['sub']);
    assert.equal(Number(id['auth_time']) - Number(claimsOf(token)['auth_time']), 10);
  });
}

test('oidf-plans: cancelling answers access_denied with state and iss (RFC 6749 4.1.2.1, RFC 9207 2)', async () => {
  const jar: Jar = new Map();
  const answer = redirected(await press(jar, await op.visit(jar), { cancel: '1' }));
  assert.equal(answer.get('error'), 'access_denied');
  assert.equal(answer.get('state'), 'st');
  assert.equal(answer.get('iss'), op.issuer);
});

test('oidf-plans: a credential POST is answered with 303, so that nothing is posted on (RFC 9700 4.12)', async () => {
  const jar: Jar = new Map();
  const answer = await press(jar, await op.visit(jar), { person: PID, acr: 'high', continue: '1' });
  assert.equal(answer.status, 303);
  assert.equal(answer.headers.get('referrer-policy'), 'no-referrer');
});

test('oidf-plans: max_age=1 asks again after two seconds, max_age=10000 does not, and both tell auth_time', async () => {
  const { jar, token } = await signedIn();
  world.clock.now += 2;
  const lasting = await idTokenOf(redirected(await op.visit(jar, { max_age: '10000' })));
  assert.equal(lasting['auth_time'], claimsOf(token)['auth_time']);
  const page = await op.visit(jar, { max_age: '1' });
  assert.equal(page.status, 200);
  const renewed = await idTokenOf(redirected(await press(jar, page, { person: PID, acr: 'high', continue: '1' })));
  assert.equal(renewed['auth_time'], world.clock.now);
  assert.equal(redirected(await op.visit(jar, { max_age: 'soon' })).get('error'), 'invalid_request');
});

test('oidf-plans: a client that registered default_max_age is asked for again when that is over (Registration 2)', async () => {
  const { jar } = await signedIn();
  assert.ok(redirected(await op.visit(jar, { client_id: 'impatient', prompt: 'none' })).get('code'));
  world.clock.now += 31;
  assert.equal(
    redirected(await op.visit(jar, { client_id: 'impatient', prompt: 'none' })).get('error'),
    'login_required',
  );
  assert.ok(redirected(await op.visit(jar, { prompt: 'none' })).get('code'));
});

test('oidf-plans: id_token_hint with prompt=none answers a code for that person and login_required for another', async () => {
  const { jar, token } = await signedIn();
  const { token: foreign } = await signedIn(OTHER);
  world.clock.now += 3600;
  assert.ok(redirected(await op.visit(jar, { prompt: 'none', id_token_hint: token })).get('code'));
  const other = redirected(await op.visit(jar, { prompt: 'none', id_token_hint: foreign }));
  assert.equal(other.get('error'), 'login_required');
});

test('oidf-plans: a hint that is no ID token of ours for this client answers invalid_request', async () => {
  const { jar, token } = await signedIn();
  const { body } = await op.redeem((await op.signIn({}, jar)).get('code'));
  for (const hint of ['x', `${token}x`, String(body['access_token'])]) {
    assert.equal(
      redirected(await op.visit(jar, { prompt: 'none', id_token_hint: hint })).get('error'),
      'invalid_request',
    );
  }
  const others = await op.visit(jar, { client_id: 'other', prompt: 'none', id_token_hint: token });
  assert.equal(redirected(others).get('error'), 'invalid_request');
});

test('oidf-plans: whoever signs in instead of the hinted person ends in login_required, and is not signed in', async () => {
  const { token } = await signedIn(OTHER);
  const jar: Jar = new Map();
  const page = await op.visit(jar, { id_token_hint: token });
  const answer = redirected(await press(jar, page, { person: PID, acr: 'high', continue: '1' }));
  assert.equal(answer.get('error'), 'login_required');
  assert.equal(redirected(await op.visit(jar, { prompt: 'none' })).get('error'), 'login_required');
});

test('oidf-plans: a sub in claims binds the request to that person (Core 5.5.1)', async () => {
  const { jar, token } = await signedIn();
  const own = await op.visit(jar, { prompt: 'none', claims: asked(claimsOf(token)['sub']) });
  assert.ok(redirected(own).get('code'));
  const other = await op.visit(jar, { prompt: 'none', claims: asked('somebody else') });
  assert.equal(redirected(other).get('error'), 'login_required');
});

test('oidf-plans: login_hint preselects a person; ui_locales, claims_locales, display and acr_values do no harm', async () => {
  const page = await op.visit(new Map(), {
    login_hint: OTHER,
    ui_locales: 'en',
    claims_locales: 'en nb',
    display: 'popup',
    acr_values: 'gold substantial',
  });
  const text = await page.text();
  assert.match(text, /<html lang="en"/);
  assert.match(text, new RegExp(`value="${OTHER}" checked`));
});

test('oidf-plans: acr_values is a wish that a session at a lower level does not meet (Core 3.1.2.1)', async () => {
  const jar: Jar = new Map();
  const page = await op.visit(jar, {});
  const low = redirected(await press(jar, page, { person: PID, acr: 'substantial', continue: '1' }));
  assert.equal((await idTokenOf(low))['acr'], 'substantial');
  assert.equal(redirected(await op.visit(jar, { prompt: 'none', acr_values: 'high' })).get('error'), 'login_required');
  assert.ok(redirected(await op.visit(jar, { prompt: 'none', acr_values: 'gold' })).get('code'));
  const raised = redirected(await op.visit(jar, { acr_values: 'high', login_hint: `testid:${PID}` }));
  assert.equal((await idTokenOf(raised))['acr'], 'high');
});

test('oidf-plans: the session of one browser says nothing about another', async () => {
  await signedIn();
  assert.equal(redirected(await op.visit(new Map(), { prompt: 'none' })).get('error'), 'login_required');
});

test('oidf-plans: an access token is of the session it came from, also after prompt=login', async () => {
  const { jar } = await signedIn();
  const { body } = await op.redeem((await op.signIn({ prompt: 'login' }, jar)).get('code'));
  assert.equal(headerOf(body['access_token'])['typ'], 'at+jwt');
  assert.equal((await op.fetch('/userinfo', bearer(body['access_token']))).status, 200);
});

function asked(sub: unknown): string {
  return JSON.stringify({ id_token: { sub: { value: sub } } });
}
