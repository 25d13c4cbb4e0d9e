import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { localFetch, type TestFetch } from '../local-fetch.ts';
import { createBrowser } from './browser.ts';
import { readChain, readRefusals } from './chain.ts';
import { copyExamples, freeOffset, type Platform, removeCopy, startPlatform } from './platform.ts';
import { signIn, signOut } from './sign-in.ts';
import { until } from '../until.ts';

const noPython: string | false =
  process.env['CI'] === undefined && spawnSync('python3', ['--version']).status !== 0
    ? 'python3 is not installed'
    : false;

let platform: Platform;
let dir: string;
let fetchLocal: TestFetch;

before(async () => {
  dir = copyExamples();
  platform = await startPlatform(dir, await freeOffset());
  fetchLocal = localFetch(platform.summary.caFile);
});

after(async () => {
  await platform?.stop();
  removeCopy(dir);
});

function person(
  wanted: (groups: readonly string[], employee: string | undefined) => boolean,
): Platform['summary']['people'][number] {
  const found = platform.summary.people.find(({ groups, employee }) => wanted(groups, employee));
  assert.ok(found, `no such person among ${JSON.stringify(platform.summary.people)}`);
  return found;
}

const GROUP = '00000000-0000-4000-8000-0000000000e1';
const citizen = (): string => person(() => true).pid;
const caseworker = (): string => person((groups, employee) => employee !== undefined && groups.includes(GROUP)).pid;
const outsider = (): string => person((groups, employee) => employee !== undefined && !groups.includes(GROUP)).pid;

test('citizen: the identity goes through three services, each with a token of its own', async () => {
  const browser = createBrowser(fetchLocal);
  const page = await signIn(browser, platform.url('citizen-portal'), citizen(), 'substantial');
  assert.deepEqual(readRefusals(page), [], platform.notices());
  const chain = readChain(page);
  const { idporten, tokenx } = platform.summary.services;
  assert.deepEqual(
    chain.map((hop) => hop.service),
    ['citizen-portal', 'permit-api', 'register-api'],
  );
  assert.deepEqual(
    chain.map((hop) => hop.issuer),
    [idporten.issuer, tokenx.issuer, tokenx.issuer],
  );
  assert.deepEqual(
    chain.map((hop) => hop.audience),
    [platform.url('citizen-portal'), 'local:permits:permit-api', 'local:registry:register-api'],
  );
  assert.deepEqual(
    chain.slice(1).map((hop) => hop['called by']),
    ['local:permits:citizen-portal', 'local:permits:permit-api'],
  );
  assert.deepEqual(new Set(chain.map((hop) => hop.subject)), new Set([citizen()]), 'pid survives');
  assert.ok(
    browser.visited.every((url) => !/access_token|id_token=/.test(url)),
    'no token in any URL',
  );
});

test('citizen: after sign-out the session is gone at the app and at ID-porten', async () => {
  const browser = createBrowser(fetchLocal);
  const url = platform.url('citizen-portal');
  await signIn(browser, url, citizen(), 'substantial');
  assert.equal((await browser.open(`${url}/oauth2/session`)).status, 200);
  await signOut(browser, url);
  assert.equal((await browser.open(`${url}/oauth2/session`)).status, 401, 'gone at the app');
  assert.match((await browser.open(url)).html, /id="fm-login"/, 'ID-porten asks again: no single sign-on is left');
});

test('employee: the register is asked on behalf of the person, with a token made for the register', async () => {
  const browser = createBrowser(fetchLocal);
  const chain = readChain(await signIn(browser, platform.url('case-desk'), caseworker()));
  const { issuer } = platform.summary.services.entra;
  assert.deepEqual(
    chain.map((hop) => [hop.service, hop.issuer]),
    [
      ['case-desk', issuer],
      ['register-api', issuer],
    ],
  );
  assert.notEqual(chain[0]?.audience, chain[1]?.audience);
  assert.equal(chain[0]?.subject, chain[1]?.subject);
  assert.equal(chain[1]?.['called by'], 'local:casework:case-desk');
  await signOut(browser, platform.url('case-desk'));
  assert.equal((await browser.open(`${platform.url('case-desk')}/oauth2/session`)).status, 401);
});

test('machine inside: nightly-report calls the register with a token of its own, and no user', async () => {
  // It shows its last run; the first one may come before its sidecar listens, and the next is 15 seconds later.
  const chain = await until(async () => {
    const hops = readChain(await createBrowser(fetchLocal).open(platform.url('nightly-report')));
    return hops.length > 0 && hops;
  }, platform.notices);
  assert.equal(chain[0]?.['called by'], 'local:registry:nightly-report');
  assert.equal(chain[0]?.issuer, platform.summary.services.entra.issuer);
});

test('machine outside: partner-feed calls the register with a Maskinporten token for its scope', async () => {
  const chain = readChain(await createBrowser(fetchLocal).open(platform.url('partner-feed')));
  assert.equal(chain[0]?.issuer, platform.summary.services.maskinporten.issuer);
  assert.match(chain[0]?.subject ?? '', /310000027/);
});

test('machine in Python: standard library and the sidecar are enough', { skip: noPython }, async () => {
  const answer = await fetch(`${platform.app('register-audit').app}/`);
  const { hops } = JSON.parse(await answer.text());
  assert.equal(hops[0].caller, 'local:registry:register-audit');
});

test("refusal: an app that no access policy names gets the providers' own errors, and `up` names the line to add", async () => {
  const browser = createBrowser(fetchLocal);
  const refusals = readRefusals(await signIn(browser, platform.url('stranger'), citizen(), 'substantial'));
  assert.equal(refusals.length, 2);
  assert.match(refusals[0] ?? '', /TokenX refused: 400 invalid_target/);
  assert.match(refusals[1] ?? '', /Entra ID refused: 400 invalid_grant .*AADSTS501051/);
  await platform.noticed(
    /add `- \{?application: stranger.*spec\.accessPolicy\.inbound\.rules in \S*register-api\.yaml:\d+/,
  );
});

test('refusal: a level too low answers the challenge of RFC 9470 and names the line to change', async () => {
  const browser = createBrowser(fetchLocal);
  await signIn(browser, platform.url('citizen-portal'), citizen(), 'substantial');
  const [refusal = ''] = readRefusals(await browser.open(`${platform.url('citizen-portal')}/sign`));
  assert.match(refusal, /permit-api refused: 401 acr_too_low/);
  assert.match(refusal, /insufficient_user_authentication/);
  assert.match(refusal, /spec\.login\.level/);
});

test('refusal: a token for another audience is told whom it is for, and what to do', async () => {
  const browser = createBrowser(fetchLocal);
  await signIn(browser, platform.url('citizen-portal'), citizen(), 'substantial');
  const [refusal = ''] = readRefusals(await browser.open(`${platform.url('citizen-portal')}/shortcut`));
  assert.match(refusal, /register-api refused: 401 audience_mismatch/);
  assert.match(refusal, /spec\.accessPolicy\.inbound\.rules/);
});

test('refusal: a user outside the group meets AADSTS50105, and `up` names the group to add', async () => {
  const browser = createBrowser(fetchLocal);
  const page = await signIn(browser, platform.url('case-desk'), outsider());
  assert.match(page.html, /AADSTS50105/);
  await platform.noticed(/spec\.azure\.application\.claims\.groups in \S*case-desk\.yaml:\d+/);
});
