import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer } from './01-36-browser.ts';
import { SESSION, startWorld } from './01-36-world.ts';

const FRAME = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe', 'sec-fetch-site': 'cross-site' };

function told(query: Record<string, string>): string {
  return new URLSearchParams(query).toString();
}

test('T09 a front-channel logout that is not the provider’s ends nothing and clears no cookie', async (t) => {
  const world = await startWorld(t);
  const person = world.person();
  const browser = world.browser();
  await world.signIn(browser, person);
  const { issuer } = world.provider;
  const sid = `sid-${person.sub}`;
  const cases: readonly (readonly [string, string, number])[] = [
    ['no iss', told({ sid }), 400],
    ['an empty iss', told({ sid, iss: '' }), 400],
    ['another iss', told({ sid, iss: 'https://evil.test' }), 400],
    ['iss with a slash', told({ sid, iss: `${issuer}/` }), 400],
    ['iss in capitals', told({ sid, iss: issuer.toUpperCase() }), 400],
    ['iss as a prefix', told({ sid, iss: `${issuer}.evil.test` }), 400],
    ['two iss', `${told({ sid, iss: issuer })}&${told({ iss: 'https://evil.test' })}`, 400],
    ['two equal iss', `${told({ sid, iss: issuer })}&${told({ iss: issuer })}`, 400],
    ['no sid', told({ iss: issuer }), 202],
    ['an empty sid', told({ iss: issuer, sid: '' }), 202],
    ['two sids', `${told({ sid, iss: issuer })}&sid=x`, 202],
    ['a guessed sid', told({ iss: issuer, sid: 'sid-1' }), 200],
    ['a sid in capitals', told({ iss: issuer, sid: sid.toUpperCase() }), 200],
    ['a prefix of the sid', told({ iss: issuer, sid: sid.slice(0, -1) }), 200],
    ['the sub instead', told({ iss: issuer, sid: person.sub }), 200],
    ['a pattern', told({ iss: issuer, sid: '*' }), 200],
    ['nothing', '', 400],
  ];
  for (const [what, query, status] of cases) {
    const answer = await browser.ask(`/oauth2/logout/frontchannel?${query}`, { headers: FRAME });
    assert.equal(answer.status, status, what);
    assert.deepEqual(answer.setCookies, [], what);
    assert.equal(await world.judge(browser, person), 'right', what);
  }
  for (const method of ['POST', 'PUT', 'HEAD', 'DELETE']) {
    const answer = await browser.ask(`/oauth2/logout/frontchannel?${told({ sid, iss: issuer })}`, { method });
    assert.equal(answer.status, 405, method);
  }
  assert.equal(await world.judge(browser, person), 'right');
  assert.deepEqual(world.oracle.complaints(), []);
});

test('T09 a right front-channel logout ends every session of that sid, in any browser, and none other', async (t) => {
  const world = await startWorld(t);
  const [ann, bob] = [world.person(), world.person()];
  const [first, second, his] = [world.browser(), world.browser(), world.browser()];
  await world.signIn(first, ann);
  await world.signIn(second, ann);
  await world.signIn(his, bob);
  const query = new URLSearchParams({ iss: world.provider.issuer, sid: `sid-${ann.sub}` }).toString();
  const stranger = await his.ask(`/oauth2/logout/frontchannel?${query}`, { headers: FRAME });
  assert.equal(stranger.status, 200);
  assert.deepEqual(stranger.setCookies, [], 'the cookie of another session stays');
  for (const browser of [first, second]) assert.equal((await browser.ask('/oauth2/session')).status, 401);
  assert.equal(await world.judge(his, bob), 'right');
});

/** Ways in which another site may ask, and what it may never reach. */
const ELSEWHERE: readonly Readonly<Record<string, string>>[] = [
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'cross-site', origin: 'https://app.example.test' },
  { 'sec-fetch-site': 'same-site', origin: 'https://evil.example.test' },
  { 'sec-fetch-site': 'same-site' },
  { 'sec-fetch-site': 'unheard-of' },
  { 'sec-fetch-site': '' },
  { 'sec-fetch-site': 'same-origin, cross-site' },
  { origin: 'https://evil.test' },
  { origin: 'null' },
  { origin: 'https://app.example.test.evil.test' },
  { origin: 'http://app.example.test' },
  { referer: 'https://evil.test/https://app.example.test/' },
  { referer: 'nonsense' },
];

test('T09 T11 another site logs nobody out and refreshes nothing, in any method; at most it is asked back', async (t) => {
  const world = await startWorld(t, { env: { FULLMAKT_LOGIN_PROVIDER: 'openid' } });
  const person = world.person();
  const browser = world.browser();
  await world.signIn(browser, person);
  const navigation = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
  const before = browser.jar.get(SESSION);
  for (const headers of ELSEWHERE) {
    const said = JSON.stringify(headers);
    const asked = await browser.ask('/oauth2/logout?redirect=/x', { headers: { ...navigation, ...headers } });
    assert.equal(asked.status, 200, said);
    assert.match(asked.body, /<form[^>]*method="post"/i, 'a page that asks');
    assert.deepEqual(asked.setCookies, [], said);
    for (const path of ['/oauth2/logout', '/oauth2/logout/local', '/oauth2/session/refresh'])
      assert.equal((await browser.ask(path, { method: 'POST', headers })).status, 403, `POST ${path} ${said}`);
    assert.equal((await browser.ask('/oauth2/logout/local', { headers })).status, 403, said);
    assert.equal(
      (await browser.ask('/oauth2/session/refresh', { headers: { ...navigation, ...headers } })).status,
      405,
      said,
    );
    const login = await browser.ask('/oauth2/login?prompt=login', { headers: { ...navigation, ...headers } });
    assert.ok([302, 429].includes(login.status), said);
    assert.equal(browser.jar.get(SESSION), before, said);
    assert.equal(await world.judge(browser, person), 'right', said);
  }
  assert.equal(world.oracle.totals().wrong, 0);
});

test('T11 no other site is told anything by CORS, and a prefetch changes nothing', async (t) => {
  const world = await startWorld(t);
  const person = world.person();
  const browser = world.browser();
  await world.signIn(browser, person);
  for (const origin of ['https://evil.test', 'null', 'https://evil.example.test']) {
    for (const path of ['/oauth2/session', '/oauth2/login', '/oauth2/logout', '/oauth2/session/refresh']) {
      for (const method of ['GET', 'OPTIONS']) {
        const { headers } = await browser.ask(path, {
          method,
          headers: { origin, 'access-control-request-method': 'POST' },
        });
        assert.equal(headers['access-control-allow-origin'], undefined, `${method} ${path} ${origin}`);
      }
    }
  }
  for (const headers of [{ 'sec-purpose': 'prefetch;prerender' }, { purpose: 'prefetch' }])
    for (const path of ['/oauth2/logout', '/oauth2/login?prompt=login'])
      assert.equal((await browser.visit(path, { headers })).status, 503);
  assert.equal(await world.judge(browser, person), 'right');
});

/** Every route of ours, in every shape of answer. */
const ROUTES: readonly (readonly [string, string])[] = [
  ['GET', '/oauth2/login'],
  ['HEAD', '/oauth2/login'],
  ['POST', '/oauth2/login'],
  ['GET', '/oauth2/callback'],
  ['GET', '/oauth2/callback?state=x&code=y'],
  ['GET', '/oauth2/callback?error=access_denied'],
  ['GET', '/oauth2/logout'],
  ['HEAD', '/oauth2/logout'],
  ['POST', '/oauth2/logout'],
  ['GET', '/oauth2/logout/callback'],
  ['GET', '/oauth2/logout/local'],
  ['GET', '/oauth2/session'],
  ['POST', '/oauth2/session/refresh'],
  ['GET', '/oauth2/session/refresh'],
  ['GET', '/oauth2/session/forwardauth'],
  ['GET', '/oauth2/session/events'],
  ['GET', '/oauth2/ping'],
  ['GET', '/oauth2/nothing'],
  ['GET', '/oauth2'],
  ['OPTIONS', '/oauth2/login'],
  ['GET', '/a/page/that/needs/login'],
];

function assertPrivate({ status, headers, body }: Answer, said: string): void {
  assert.equal(headers['cache-control'], 'no-store', `${said} ${status}`);
  assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/, `${said} ${status}`);
  assert.match(String(headers['content-security-policy']), /default-src 'none'/, said);
  assert.match(String(headers['content-security-policy']), /base-uri 'none'/, said);
  assert.equal(headers['x-content-type-options'], 'nosniff', said);
  const hasForm = /<form/i.test(body);
  assert.equal(headers['referrer-policy'], hasForm ? 'same-origin' : 'no-referrer', said);
  assert.doesNotMatch(body, /\son\w+=/i, `${said}: no handler in markup`);
}

test('T10 no answer of ours, page, JSON, redirect or refusal, may be framed or stored', async (t) => {
  const world = await startWorld(t);
  const browser = world.browser();
  await world.signIn(browser, world.person());
  const session = new Map(browser.jar);
  const shapes = [
    {},
    { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-site': 'none' },
    { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-site': 'cross-site' },
    FRAME,
    { accept: 'application/json', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'if-none-match': '*' },
  ];
  for (const jar of [session, new Map<string, string>()]) {
    for (const [method, path] of ROUTES) {
      for (const headers of shapes) {
        browser.jar.clear();
        for (const [name, value] of jar) browser.jar.set(name, value);
        const before = world.seen.length;
        const answer = await browser.ask(path, { method, headers });
        if (world.seen.length === before) assertPrivate(answer, `${method} ${path} ${JSON.stringify(headers)}`);
      }
    }
  }
});

test('T10 the front-channel route alone may be framed: it says nothing and loads nothing', async (t) => {
  const world = await startWorld(t);
  const answer = await world.browser().ask('/oauth2/logout/frontchannel?sid=x', { headers: FRAME });
  assert.equal(answer.body, '');
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.match(String(answer.headers['content-security-policy']), /default-src 'none'/);
  assert.equal(answer.headers['x-frame-options'], undefined);
});

test('T12 a login that cannot succeed ends on an error page: nobody is sent round, and one token call was made', async (t) => {
  const cases = [
    ['an acr that is too low', { idToken: { acr: 'idporten-loa-substantial' } }, 403],
    ['no acr', { idToken: { acr: undefined } }, 403],
    ['an unheard-of acr', { idToken: { acr: 'idporten-loa-highest' } }, 403],
    ['a clock five minutes ahead', { clockAhead: 300 }, 500],
    ['a clock five minutes behind', { clockAhead: -300 }, 500],
    ['a user who is refused', { answer: { code: undefined, error: 'access_denied' } }, 403],
    ['a provider at its end', { answer: { code: undefined, error: 'temporarily_unavailable' } }, 503],
    ['a provider that wants something else', { answer: { code: undefined, error: 'interaction_required' } }, 500],
  ] as const;
  const world = await startWorld(t);
  for (const [what, tricks, status] of cases) {
    Object.assign(world.provider.tricks, { idToken: {}, answer: {}, clockAhead: 0 }, tricks);
    const before = world.provider.tokenCalls.length;
    const browser = world.browser();
    const answer = await world.signIn(browser, world.person(), '/deep');
    assert.equal(answer.status, status, what);
    assert.equal(answer.location, null, what);
    assert.doesNotMatch(answer.body, /http-equiv="?refresh|<script/i, what);
    assert.match(answer.body, /href="\/oauth2\/login\?redirect=%2Fdeep"/, `${what}: a link to try again`);
    assert.equal(browser.jar.size, 0, what);
    assert.equal(world.provider.tokenCalls.length, before + ('answer' in tricks ? 0 : 1), what);
  }
});

test('T12 a clock within a minute is no reason to fail', async (t) => {
  const world = await startWorld(t);
  for (const ahead of [59, -59]) {
    world.provider.tricks.clockAhead = ahead;
    assert.equal((await world.signIn(world.browser(), world.person())).status, 302);
  }
});

test('T12 an app that keeps sending a signed-in browser to login is stopped at the sixth time', async (t) => {
  const world = await startWorld(t);
  const person = world.person();
  const browser = world.browser();
  await world.signIn(browser, person);
  const statuses: number[] = [];
  for (let round = 0; round < 6; round += 1) {
    world.clock.seconds += 1;
    const start = await browser.visit('/oauth2/login');
    statuses.push(start.status);
    if (start.status === 302) await browser.visit(await world.provider.authorize(start.location, person));
    else assert.ok(Number(start.headers['retry-after']) > 0);
  }
  assert.deepEqual(statuses, [302, 302, 302, 302, 302, 429]);
  world.clock.seconds += 6;
  assert.equal((await browser.visit('/oauth2/login')).status, 302, 'after a pause it goes on');
});
