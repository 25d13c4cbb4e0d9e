import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createBrowser } from '../journeys/browser.ts';
import type { Browser } from '../journeys/browser.ts';
import { copyExamples, freeOffset, removeCopy, startPlatform } from '../journeys/platform.ts';
import type { Platform } from '../journeys/platform.ts';
import { signIn, signOut } from '../journeys/sign-in.ts';
import { localFetch } from '../local-fetch.ts';
import type { TestFetch } from '../local-fetch.ts';
import { assertLoopback } from '../loopback.ts';
import { forms, GRANTS, headers, OPEN_FIELDS, SECRET_FIELDS } from './59-attacks.ts';
import { b64, MARK, TOKEN, TRACES } from './59-marks.ts';

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
