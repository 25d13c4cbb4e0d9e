import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { after, before, test } from 'node:test';
import { createObserver } from '../../src/observe/observer.ts';
import { registrarEvents } from '../../src/registrar/events.ts';
import { bench, manifest } from '../../src/registrar/testing/bench.ts';
import { CLAIMS, ENV, keyFetch, makeKeys, mint, START } from '../../src/sdk/fixtures.ts';
import { anyPrincipal, fromEnv } from '../../src/sdk/index.ts';
import { tokensFromEnv } from '../../src/sdk/tokens.ts';
import { createBrowser } from '../journeys/browser.ts';
import type { Browser } from '../journeys/browser.ts';
import { copyExamples, freeOffset, removeCopy, startPlatform } from '../journeys/platform.ts';
import type { Platform } from '../journeys/platform.ts';
import { signIn, signOut } from '../journeys/sign-in.ts';
import { localFetch } from '../local-fetch.ts';
import type { TestFetch } from '../local-fetch.ts';
import { assertLoopback } from '../loopback.ts';

/** What a secret is made of in this run: nobody else writes it. */
const MARK = `canary${randomBytes(8).toString('hex')}`;
/** A person who signs in, and one who only stands in what strangers send. */
const STRANGER = '14828530152';
const b64 = (value: object | string): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const TOKEN = `${b64({ alg: 'RS256', kid: MARK })}.${b64({ sub: MARK, pid: STRANGER })}.${'c4n4ry_'.repeat(30)}`;
const SHORT_TOKEN = `${b64({ alg: 'none' })}.${b64({ sub: MARK })}.AA`;
/** What must not be found of all this. */
const TRACES = [
  MARK,
  b64(MARK).slice(0, 20),
  STRANGER,
  TOKEN.split('.')[1] ?? '',
  SHORT_TOKEN.split('.')[1] ?? '',
  'c4n4ry_c4n4ry_',
];

const SECRET_FIELDS = [
  'token',
  'subject_token',
  'actor_token',
  'client_assertion',
  'assertion',
  'code',
  'code_verifier',
  'refresh_token',
  'client_secret',
  'id_token_hint',
  'logout_token',
  'nonce',
  'state',
  'pid',
  'person',
  'username',
  'password',
  'user_token',
  'access_token',
] as const;
/** Fields whose values may be told, but not when a secret was put there by mistake. */
const OPEN_FIELDS = [
  'client_id',
  'audience',
  'target',
  'scope',
  'redirect_uri',
  'resource',
  'identity_provider',
  'login_hint',
] as const;
const GRANTS = [
  'urn:ietf:params:oauth:grant-type:token-exchange',
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'password',
] as const;

let platform: Platform;
let dir: string;
let fetchLocal: TestFetch;
let browser: Browser;
const pages: string[] = [];

before(async () => {
  dir = copyExamples();
  platform = await startPlatform(dir, await freeOffset(), { FULLMAKT_UP_LOG_LEVEL: 'debug' });
  fetchLocal = localFetch(platform.summary.caFile);
  browser = createBrowser(fetchLocal);
});

after(async () => {
  await platform?.stop();
  removeCopy(dir);
});

/** Everything the platform wrote and shows: log, audit, terminal, figures. Without what apps print themselves. */
async function everything(): Promise<Readonly<Record<string, string>>> {
  const read = (name: string): string => readFileSync(join(platform.summary.stateDir, name), 'utf8');
  const metrics = await fetchLocal(`${platform.summary.services.tokenx.issuer}/internal/metrics`);
  return {
    log: read('fullmakt.log'),
    audit: read('audit.jsonl'),
    terminal: platform.notices(),
    metrics: `${metrics.status} ${await metrics.text()}`,
    pages: pages.join('\n'),
  };
}

async function findNone(traces: readonly string[], what: string): Promise<void> {
  for (const [place, text] of Object.entries(await everything())) {
    for (const trace of traces) {
      const at = text.indexOf(trace);
      assert.equal(at, -1, `${what} in the ${place}: …${text.slice(Math.max(0, at - 300), at + trace.length)}`);
    }
  }
}

async function send(
  url: string,
  init: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly shown?: boolean;
  },
): Promise<void> {
  assertLoopback(new URL(url).hostname);
  const answer = await fetchLocal(url, {
    method: init.method ?? 'GET',
    headers: { ...init.headers },
    ...(init.body === undefined ? {} : { body: init.body }),
  });
  const text = await answer.text();
  if (init.shown === true && answer.status >= 400) pages.push(`${url.split('?')[0] ?? ''} ${answer.status} ${text}`);
}

function targets(): readonly string[] {
  const { tokenx, idporten, entra, maskinporten } = platform.summary.services;
  const login = new URL(idporten.issuer);
  login.port = String(Number(login.port) + 1);
  const oauth = entra.issuer.replace('/v2.0', '/oauth2/v2.0');
  return [
    `${tokenx.issuer}/token`,
    `${idporten.issuer}/token`,
    `${idporten.issuer}/par`,
    `${idporten.issuer}/userinfo`,
    `${login.origin}/authorize`,
    `${login.origin}/logout`,
    `${oauth}/token`,
    `${oauth}/authorize`,
    `${oauth}/logout`,
    `${maskinporten.issuer}token`,
    ...platform.summary.apps.flatMap(({ sidecar, url }) => [
      ...(sidecar === undefined
        ? []
        : ['token', 'token/exchange', 'introspect'].map((path) => `${new URL(sidecar).origin}/api/v1/${path}`)),
      ...(url === undefined
        ? []
        : ['login', 'callback', 'logout', 'logout/callback', 'logout/frontchannel', 'session'].map(
            (path) => `${url}/oauth2/${path}`,
          )),
    ]),
  ];
}

interface Form {
  readonly body: string;
  readonly shown: boolean;
}

/** Forms in which every field that is secret is a canary of some kind, and those in which every other field is one too. */
function forms(): readonly Form[] {
  return GRANTS.flatMap((grant) =>
    [MARK, TOKEN, STRANGER].flatMap((value) =>
      [true, false]
        .filter((shown) => shown || value !== MARK)
        .map((shown) => {
          const form = new URLSearchParams({ grant_type: grant });
          for (const name of SECRET_FIELDS) form.set(name, value);
          // Whose name is asked for is told back by some; that they are in no log holds for these too.
          for (const name of OPEN_FIELDS) form.set(name, shown ? 'x' : value);
          return { body: form.toString(), shown };
        }),
    ),
  );
}

const CORRELATIONS = [SHORT_TOKEN, STRANGER, `${STRANGER}.${SHORT_TOKEN}`];

/** A reference that somebody chose stands on the page: there it is a good one. */
function headers(round: number, shown = false): Readonly<Record<string, string>> {
  return {
    cookie: `__Host-fullmakt.session=${MARK}; fullmakt.session=${TOKEN}; fm_idporten_sso=${MARK}; other=${STRANGER}`,
    authorization:
      [`Bearer ${MARK}`, `Bearer ${TOKEN}`, `Basic ${Buffer.from(`${MARK}:${MARK}`).toString('base64')}`][round % 3] ??
      '',
    'x-correlation-id': (shown ? undefined : CORRELATIONS[round % 3]) ?? 'a-reference',
    dpop: TOKEN,
    'x-pid': STRANGER,
  };
}

test('T59 what strangers send as a secret shows up nowhere, at any program of a running platform', async () => {
  const bodies = forms();
  for (const url of targets()) {
    for (const [round, { body, shown }] of bodies.entries()) {
      const common = headers(round, shown);
      await send(url, {
        method: 'POST',
        headers: { ...common, 'content-type': 'application/x-www-form-urlencoded' },
        body,
        shown,
      });
      if (round % 2 !== 0) continue;
      await send(`${url}?${body.slice(0, 4000)}`, {
        headers: { ...common, 'sec-fetch-mode': 'navigate', accept: 'text/html' },
        shown,
      });
    }
    const json = Object.fromEntries([...SECRET_FIELDS, ...OPEN_FIELDS].map((name) => [name, TOKEN]));
    await send(url, {
      method: 'POST',
      headers: { ...headers(1), 'content-type': 'application/json' },
      body: JSON.stringify(json),
    });
    await send(url, { method: 'POST', headers: { ...headers(2), 'content-type': MARK }, body: MARK });
  }
  const { log, metrics } = await everything();
  assert.match(metrics ?? '', /^200 [^]*fullmakt_exchange_requests_total/);
  assert.ok(
    log?.includes('exchange') && log.includes('idp.') && log.includes('login'),
    'the log tells of all programs',
  );
  await findNone(TRACES, 'what strangers sent');
});

test('T59 a real sign-in leaves no number, cookie, code, state or verifier behind, in either log or page', async () => {
  const { pid = '' } = platform.summary.people[0] ?? {};
  const url = platform.url('citizen-portal');
  await signIn(browser, url, pid, 'substantial');
  const jar = [...browser.cookies(new URL(url).hostname).values()];
  await signOut(browser, url);
  const desk = platform.summary.people.find(({ employee }) => employee !== undefined)?.pid ?? '';
  await signIn(createBrowser(fetchLocal), platform.url('case-desk'), desk);
  const parameters = browser.visited.flatMap((visited) => [...new URL(visited).searchParams]);
  const secret = parameters.filter(([name]) =>
    ['code', 'state', 'nonce', 'request_uri', 'code_challenge', 'id_token_hint'].includes(name),
  );
  assert.ok(jar.length > 0 && secret.length > 2, 'the sign-in had secrets');
  await findNone(
    [pid, desk, ...jar.filter((value) => value.length > 16), ...secret.map(([, value]) => value)],
    'a secret of a sign-in',
  );
});

test('T59 private keys, seeds and session keys of the platform are in no log', async () => {
  const folder = join(platform.summary.stateDir, 'keys');
  const stored = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  const parts = stored.flatMap((text) =>
    [...text.matchAll(/"(?:d|p|q|dp|dq|qi)":\s*"([\w-]{20,})"/g)].map(([, value = '']) => value),
  );
  assert.ok(parts.length > 3);
  const seed = readFileSync(join(platform.summary.stateDir, 'seed'));
  await findNone(
    [...parts, seed.toString('hex'), seed.toString('base64url'), seed.toString('utf8').trim()],
    'a private key',
  );
});

test('T59 nothing a stranger writes starts a line of its own: every line of log and audit is one object', async () => {
  const { tokenx } = platform.summary.services;
  const forged = '\r\n{"event":"forged"}\n\u2028{"event":"forged"}\u0000\u001b[2J\u202e';
  for (const name of [...OPEN_FIELDS, 'grant_type', 'subject_token_type', 'requested_token_type']) {
    const form = new URLSearchParams({ grant_type: GRANTS[0], client_assertion_type: 'x', [name]: forged });
    await send(`${tokenx.issuer}/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
    });
  }
  const claims = b64({ iss: forged, sub: forged, aud: forged });
  const assertion = `${b64({ alg: 'RS256', kid: forged, typ: 'JWT' })}.${claims}.AAAA`;
  const form = new URLSearchParams({
    grant_type: GRANTS[0],
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  });
  await send(`${tokenx.issuer}/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  });
  const { log = '', audit = '' } = await everything();
  for (const line of [...log.trimEnd().split('\n'), ...audit.trimEnd().split('\n')]) {
    const record = JSON.parse(line) as Readonly<Record<string, unknown>>;
    assert.notEqual(record['event'], 'forged');
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]/);
  }
});

test('T59 the registrar hands keys and secrets to apps and tells nobody else', async (t) => {
  const { registrar, events } = bench(t, {
    'a/front.yaml': manifest(
      'front',
      'ingresses: [https://front.example.no]\nlogin: {provider: idporten, level: Level3}\ntokenx: {enabled: true}\nazure: {application: {enabled: true, allowAllUsers: true}}\nmaskinporten: {enabled: true, scopes: {consumes: [{name: "demo:feed"}]}}',
    ),
    'a/broken.yaml': manifest('broken', `tokenx: {enabled: ${STRANGER}}\nunknown: "${TOKEN}"`),
  });
  await registrar.start();
  const environment = registrar.environmentOf(
    (await import('../../src/registry/app-id.ts')).appId('local', 'a', 'front'),
  );
  const given = JSON.stringify(environment);
  const secrets = [...given.matchAll(/\\"(?:d|p|q|dp|dq|qi)\\":\\"([\w-]{20,})\\"/g)].map(([, value = '']) => value);
  assert.ok(secrets.length >= 6, `${secrets.length} private parts`);
  const lines: string[] = [];
  const observer = createObserver({ level: 'debug', destination: { write: (line) => lines.push(line) }, now: () => 0 });
  t.after(() => observer.close());
  const emit = observer.emitter('registrar', registrarEvents);
  for (const event of events) emit(event);
  const all = `${lines.join('')}${await observer.metrics()}`;
  assert.ok(lines.length > 2);
  for (const secret of [...secrets, ...TRACES])
    assert.ok(!all.includes(secret), `a secret in what the registrar tells: ${all.slice(0, 300)}`);
});

test('T59 the library tells no token, and prints none', async (t) => {
  const keys = await makeKeys();
  const told: unknown[] = [];
  const answer = (): Promise<Response> =>
    Promise.resolve(Response.json({ access_token: TOKEN, token_type: 'Bearer', expires_in: 300 }));
  const auth = fromEnv({
    env: ENV,
    fetch: keyFetch(keys).fetch,
    clock: () => START,
    maskinporten: { requiredScope: 'fleet:read' },
    onEvent: (event) => told.push(event),
    explain: true,
  });
  const tokens = tokensFromEnv({
    env: { NAIS_TOKEN_ENDPOINT: 'http://127.0.0.1:9/a', NAIS_TOKEN_EXCHANGE_ENDPOINT: 'http://127.0.0.1:9/b' },
    fetch: answer,
    clock: () => START,
    onEvent: (event) => told.push(event),
  });
  t.after(() => {
    auth.close();
    tokens.close();
  });
  const good = await mint({ ...CLAIMS['tokenx-user'], pid: STRANGER, name: MARK }, keys.issuer);
  const traces = [good, good.split('.')[1] ?? '', good.split('.')[2] ?? '', ...TRACES];
  const printed: string[] = [];
  const print = (...values: unknown[]): void => {
    for (const value of values)
      printed.push(inspect(value, { depth: 10, showHidden: true }), JSON.stringify(value) ?? '');
  };
  for (const token of [
    TOKEN,
    SHORT_TOKEN,
    MARK,
    `${good}x`,
    good.slice(0, -4),
    await mint({ ...CLAIMS['tokenx-user'], name: MARK, pid: STRANGER, exp: 1 }, keys.issuer),
  ]) {
    const verdict = await auth.validate(token);
    assert.ok(!verdict.ok);
    print(verdict.error, verdict.error.stack);
    const request = await auth.authenticate(
      { headers: { authorization: `Bearer ${token}` }, rawHeaders: ['authorization', `Bearer ${token}`] },
      anyPrincipal,
    );
    if (!request.ok) print(request.error);
  }
  const accepted = await auth.validate(good);
  assert.ok(accepted.ok);
  print(accepted.principal.token);
  assert.throws(() => String(accepted.principal.token), TypeError);
  const exchanged = await tokens.onBehalfOf({ provider: 'tokenx', target: 'a', user: accepted.principal });
  assert.ok(exchanged.ok);
  print(exchanged);
  const all = [...printed, JSON.stringify(told), inspect(told, { depth: 10 })].join('\n');
  for (const trace of traces) assert.ok(!all.includes(trace), `${trace.slice(0, 40)} in what the library prints`);
});
