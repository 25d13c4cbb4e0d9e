import assert from 'node:assert/strict';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { rawExchange } from '../../web/testing/raw-client.ts';
import type { OpenidClient } from '../clients/openid-client.ts';
import { postPage, transactionOf } from '../testing/page.ts';
import { authorizeUrl, PID, redirected, visit } from '../testing/sign-in.ts';
import type { Jar } from '../testing/sign-in.ts';
import { CLIENTS } from '../testing/rows.ts';
import { ISSUERS, openWorld, TENANT } from '../testing/world.ts';
import { LANGUAGES, languageOf, TEXTS } from './texts.ts';

const world = await openWorld({ personas: ['idporten', 'entra', 'openid'] });
after(() => world.close());

const HOSTILE = '"><script>alert(1)</script>&\'';
const ESCAPED = '&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;&#39;';

async function show(parameters: Record<string, string> = {}, headers: Record<string, string> = {}): Promise<string> {
  return await (await world.fetch(authorizeUrl(parameters), { headers })).text();
}

function langOf(html: string): string {
  return /<html lang="([^"]+)"/.exec(html)?.[1] ?? '';
}

function peopleIn(html: string): readonly string[] {
  return [...html.matchAll(/name="person" value="(\d+)"/g)].map(([, pid = '']) => pid);
}

function boxesIn(html: string): readonly string[] {
  return [...html.matchAll(/name="fault" value="([^"]+)"/g)].map(([, fault = '']) => fault);
}

function entraPage(): Promise<Response> {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: CLIENTS.desk,
    redirect_uri: 'http://localhost:7502/oauth2/callback',
    scope: 'openid',
  });
  return world.fetch(`${ISSUERS.entra}/${TENANT}/oauth2/v2.0/authorize?${query.toString()}`);
}

test('page: the policy lets nothing in but its own style sheet, and nothing out but the form and where it leads', async () => {
  const { headers } = await world.fetch(authorizeUrl());
  const policy = new Map(
    (headers.get('content-security-policy') ?? '').split('; ').map((line) => {
      const [name = '', ...sources] = line.split(' ');
      return [name, sources.join(' ')];
    }),
  );
  assert.match(policy.get('style-src') ?? '', /^'sha256-[A-Za-z0-9+/]{43}='$/);
  policy.delete('style-src');
  assert.deepEqual(Object.fromEntries(policy), {
    'default-src': "'none'",
    'base-uri': "'none'",
    'frame-ancestors': "'none'",
    'form-action': "'self' http: https:",
  });
  assert.deepEqual(
    ['referrer-policy', 'cache-control', 'x-content-type-options', 'x-fullmakt-local'].map((name) => headers.get(name)),
    ['no-referrer', 'no-store', 'nosniff', 'idporten'],
  );
});

test('page: hostile names of clients and people, states and searches stay text', async () => {
  await appendFile(
    join(world.stateDir, 'people.yaml'),
    `- pid: "14879010110"\n  name: {given: ${JSON.stringify(HOSTILE)}, family: Hostile}\n`,
  );
  const client: OpenidClient = {
    clientId: 'hostile',
    name: HOSTILE,
    authMethod: 'none',
    secretHashes: [],
    keys: [],
    redirectUris: ['http://127.0.0.1:7500/callback'],
    postLogoutRedirectUris: [],
    frontchannelLogoutSessionRequired: false,
    backchannelLogoutSessionRequired: false,
    grantTypes: ['authorization_code'],
    idTokenAlg: 'RS256',
    accessTokenFormat: 'jwt',
    accessTokenAlg: 'RS256',
  };
  world.idp.clients.put({ persona: 'openid', id: client.clientId, source: 'api', openid: client });
  const query = {
    response_type: 'code',
    client_id: 'hostile',
    redirect_uri: 'http://127.0.0.1:7500/callback',
    scope: 'openid',
    state: HOSTILE,
    nonce: 'no',
    code_challenge: 'a'.repeat(43),
    code_challenge_method: 'S256',
    login_hint: HOSTILE,
    ui_locales: HOSTILE,
  };
  const { authorization_endpoint: at } = (await (
    await world.fetch(`${ISSUERS.openid}/.well-known/openid-configuration`)
  ).json()) as Record<string, string>;
  const page = await (await world.fetch(`${at}?${new URLSearchParams(query).toString()}`)).text();
  assert.ok(page.includes(`<strong>${ESCAPED}</strong>`), page.slice(0, 2000));
  assert.ok((await show()).includes(`${ESCAPED} Hostile`));
  assert.ok(!page.includes('<script'));
  const jar: Jar = new Map();
  const transaction = transactionOf(await (await visit(world, jar, authorizeUrl())).text());
  const searched = await (await postPage(world, jar, { transaction, search: '1', q: HOSTILE })).text();
  assert.ok(searched.includes(`value="${ESCAPED}"`) && !searched.includes('<script'));
});

test('page: searching leaves those in whose name, number or user name holds every word', async () => {
  const jar: Jar = new Map();
  const transaction = transactionOf(await (await visit(world, jar, authorizeUrl({ ui_locales: 'en' }))).text());
  const search = async (q: string): Promise<string> =>
    await (await postPage(world, jar, { transaction, search: '1', q })).text();
  assert.deepEqual(peopleIn(await search('ROLIG fj')), [PID]);
  assert.deepEqual(peopleIn(await search(PID)), [PID]);
  assert.deepEqual(peopleIn(await search('z990001')), [PID]);
  assert.deepEqual(peopleIn(await search('rolig.fjord@')), [PID]);
  const nobody = await search('nobody of this name');
  assert.deepEqual(peopleIn(nobody), []);
  assert.match(nobody, /Showing 0 of \d+ people/);
  assert.ok(peopleIn(await search('')).length >= 12);
  const answer = await postPage(world, jar, { transaction, person: PID, acr: 'high', continue: '1' });
  assert.ok(redirected(answer).get('code'), 'the sign-in goes on after all that');
});

test('page: up to eight people need no search', async () => {
  const page = await (await entraPage()).text();
  assert.ok(peopleIn(page).length > 0 && peopleIn(page).length <= 8);
  assert.ok(!page.includes('name="q"') && !page.includes('id="fm-search"'));
  assert.ok((await show()).includes('name="q"'));
});

test('page: ui_locales decides, then the browser, then Bokmål; Norwegian without more is Bokmål', async () => {
  assert.equal(langOf(await show({ ui_locales: 'nn' })), 'nn');
  assert.equal(langOf(await show({ ui_locales: 'de se' })), 'se');
  assert.equal(langOf(await show({ ui_locales: 'no' })), 'nb');
  assert.equal(langOf(await show({ ui_locales: 'en-GB' }, { 'accept-language': 'nn' })), 'en');
  assert.equal(langOf(await show({}, { 'accept-language': 'de, nn-NO;q=0.8, en;q=0.5' })), 'nn');
  assert.equal(langOf(await show({}, { 'accept-language': 'de' })), 'nb');
  assert.equal(languageOf(['nynorsk']), 'nb');
});

test('idporten-11-session: page: a language chosen on the page is kept in fm_idporten_lang and goes before ui_locales, on every page', async () => {
  const jar: Jar = new Map();
  const transaction = transactionOf(await (await visit(world, jar, authorizeUrl())).text());
  const answer = await postPage(world, jar, { transaction, lang: 'se' });
  assert.equal(langOf(await answer.text()), 'se');
  const [cookie = ''] = answer.headers.getSetCookie();
  assert.match(cookie, /^fm_idporten_lang=se; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/);
  assert.equal(langOf(await (await visit(world, jar, authorizeUrl({ ui_locales: 'en' }))).text()), 'se');
  const error = await visit(world, jar, authorizeUrl({ client_id: 'nobody', ui_locales: 'en' }));
  assert.equal(langOf(await error.text()), 'se');
  const bye = await visit(world, jar, `${ISSUERS.login}/logout?ui_locales=en`);
  assert.equal(langOf(await bye.text()), 'se');
  const wrong = await postPage(world, jar, { transaction, lang: 'xx' });
  assert.deepEqual([wrong.headers.getSetCookie(), langOf(await wrong.text())], [[], 'se']);
  assert.equal(langOf(await show({ client_id: 'nobody', ui_locales: 'en' })), 'en');
});

test('page: every text is there in every language, and says something of its own', () => {
  const reference = TEXTS.en;
  for (const language of LANGUAGES) {
    const texts = TEXTS[language];
    const { fault, forClient, signInTo, found, ...plain } = texts;
    const all = [...Object.values(plain), ...Object.values(fault), ...forClient, signInTo('x'), found(1, 2)];
    assert.ok(
      all.every((text) => text.trim() !== ''),
      language,
    );
    assert.match(texts.banner, /local test service – not the real one/i);
    assert.deepEqual(Object.keys(fault), Object.keys(reference.fault));
    if (language !== 'en') assert.notEqual(texts.refusedHelp, reference.refusedHelp);
  }
  assert.equal(new Set(LANGUAGES.map((language) => TEXTS[language].signingOut)).size, LANGUAGES.length);
});

test('page: only faults that could act are offered', async () => {
  const citizen = boxesIn(await show());
  for (const fault of ['slow-token', 'bad-iss', 'no-sid', 'refresh-same', 'wrong-nonce'])
    assert.ok(citizen.includes(fault));
  assert.ok(!citizen.includes('propagation'));
  const employee = boxesIn(await (await entraPage()).text());
  assert.ok(employee.includes('token-5xx') && !employee.includes('bad-iss') && !employee.includes('wrong-nonce'));
  const anonymous = boxesIn(await show({ client_id: CLIENTS.post }));
  assert.ok(!anonymous.includes('no-sid'), 'this client’s ID tokens have none');
});

test('page: what was chosen is still chosen when the page comes back', async () => {
  const jar: Jar = new Map();
  const transaction = transactionOf(await (await visit(world, jar, authorizeUrl({ ui_locales: 'en' }))).text());
  const fields = { transaction, person: '14828530152', pid: '123', acr: 'substantial', fault: ['bad-sig', 'no-kid'] };
  const page = await (await postPage(world, jar, fields)).text();
  assert.match(page, /role="alert" id="fm-problem"/);
  assert.match(page, /href="#fm-pid"/);
  assert.match(page, /name="pid" value="123"[^>]*aria-describedby="fm-pid-help fm-pid-problem" aria-invalid="true"/);
  for (const input of ['value="14828530152"', 'value="substantial"', 'value="bad-sig"', 'value="no-kid"'])
    assert.ok(page.includes(`${input} checked`), input);
  assert.match(page, /<details id="fm-faults" open>/);
});

test('page: with headless off a testid hint signs nobody in, and preselects nobody', async (t) => {
  const other = await openWorld({ personas: ['idporten'], headless: false });
  t.after(() => other.close());
  const response = await other.fetch(authorizeUrl({ login_hint: `testid:${PID}_idporten-loa-high` }));
  assert.equal(response.status, 200);
  assert.ok((await response.text()).includes('id="fm-login"'));
});

test('safety: requests that no handler sees are answered as a local service too', async (t) => {
  const { port } = world.listener('ID-porten');
  const asked = {
    '414': `GET /${'p'.repeat(9000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    '431': `GET / HTTP/1.1\r\nHost: localhost\r\nX-Pad: ${'p'.repeat(80_000)}\r\n\r\n`,
    '400': 'nonsense\r\n\r\n',
  };
  for (const [status, text] of Object.entries(asked)) {
    const answer = await rawExchange(t, port, text);
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} [^]*\r\nX-Fullmakt-Local: idporten\r\n`), status);
  }
});
