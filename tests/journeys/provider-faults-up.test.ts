import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { localFetch } from '../local-fetch.ts';
import { createBrowser } from './browser.ts';
import type { Browser } from './browser.ts';
import { readChain, readRefusals } from './chain.ts';
import { heading } from './fault-pages.ts';
import { copyExamples, freeOffset, removeCopy, startPlatform } from './platform.ts';
import type { Platform } from './platform.ts';
import { signIn } from './sign-in.ts';

/* Faults as somebody who runs `fullmakt up` switches them on: by the control API, with the token in the state folder. */

const CITIZEN = '01819090285';
/** More than the seconds for which a key document is left alone: five, give or take a fifth, and up to thirty at TokenX, asked last. */
const PATIENCE_MILLISECONDS = 90_000;
const POLL_MILLISECONDS = 500;
let platform: Platform;
let dir: string;
let control: (method: string, path: string, body?: unknown) => Promise<Response>;

before(async () => {
  dir = copyExamples();
  const offset = await freeOffset();
  platform = await startPlatform(dir, offset);
  const { url, tokenFile } = platform.summary.control;
  const token = readFileSync(tokenFile, 'utf8').trim();
  control = (method, path, body) =>
    fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
});
after(async () => {
  await platform?.stop();
  removeCopy(dir);
});
beforeEach(async () => {
  assert.equal((await control('DELETE', '/v1/faults')).status, 204);
});

function browser(): Browser {
  return createBrowser(localFetch(platform.summary.caFile));
}

async function switchOn(persona: string, fault: string, endpoint?: string): Promise<void> {
  const answer = await control('POST', '/v1/faults', { persona, fault, endpoint, times: 1 });
  assert.equal(answer.status, 201, await answer.text());
}

async function hits(): Promise<number> {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- the documented answer of the control API
  const { faults } = (await (await control('GET', '/v1/faults')).json()) as { faults: { hits: number }[] };
  return faults.reduce((sum, each) => sum + each.hits, 0);
}

for (const [fault, status, title] of [
  ['bad-sig', 500, 'Innloggingen mislyktes'],
  ['bad-iss', 400, 'Innloggingen kan ikke fullføres'],
  ['access_denied', 403, 'Innloggingen ble avbrutt'],
  ['token-5xx', 503, 'Innloggingstjenesten svarer ikke'],
] as const) {
  test(`${fault}: the citizen gets a page, goes on from it, and the chain is whole`, async () => {
    const citizen = browser();
    await switchOn('idporten', fault);
    const page = await signIn(citizen, platform.url('citizen-portal'), CITIZEN, 'substantial');
    assert.deepEqual([page.status, heading(page)], [status, title]);
    assert.equal(await hits(), 1);
    const [, link = ''] = /<a class="primary" href="([^"]+)"/.exec(page.html) ?? [];
    const next = await citizen.open(new URL(link.replaceAll('&amp;', '&'), page.url).href);
    const end = next.html.includes('id="fm-login"')
      ? await citizen.submit(next, 'fm-login', { person: CITIZEN, acr: 'substantial' }, 'fm-continue')
      : next;
    assert.equal(readChain(end).length, 3);
  });
}

/** Each time another browser: one that failed too often is told so instead. */
function signInAnew(): ReturnType<typeof signIn> {
  return signIn(browser(), platform.url('citizen-portal'), CITIZEN, 'substantial');
}

test('a new key that ID-porten signs with at once: in after the pause between two looks at the key document, with the whole chain', async () => {
  assert.equal((await control('POST', '/v1/idporten/keys', { action: 'rotate' })).status, 200);
  const patience = AbortSignal.timeout(PATIENCE_MILLISECONDS);
  let page = await signInAnew();
  // The login proxy, the app and TokenX have each read the key document at a time of their own.
  while (!patience.aborted && (page.status !== 200 || readRefusals(page).length > 0)) {
    assert.match(page.html, /Innloggingen mislyktes|key_unknown|invalid_request/);
    await wait(POLL_MILLISECONDS);
    page = await signInAnew();
  }
  assert.deepEqual(readRefusals(page), []);
  assert.equal(readChain(page).length, 3);
});

test('token-5xx at Maskinporten: the sidecar asks again, and the partner has its answer', async () => {
  await switchOn('maskinporten', 'token-5xx', 'token');
  const page = await browser().open(platform.url('partner-feed'));
  assert.equal(await hits(), 1);
  assert.equal(readChain(page)[0]?.issuer, platform.summary.services.maskinporten.issuer);
});

test('a session ended through the control API with notify: the portal hears of it by front channel', async () => {
  const citizen = browser();
  const url = platform.url('citizen-portal');
  await signIn(citizen, url, CITIZEN, 'substantial');
  const answer = await control('DELETE', '/v1/idporten/sessions?notify=1');
  assert.equal(answer.status, 200);
  // oxlint-disable-next-line typescript/consistent-type-assertions -- the documented answer of the control API
  const { frontchannel } = (await answer.json()) as { frontchannel: { uri: string; status: number }[] };
  assert.ok(frontchannel.length > 0);
  for (const told of frontchannel) assert.deepEqual(told, { uri: `${url}/oauth2/logout/frontchannel`, status: 200 });
  assert.equal((await citizen.open(`${url}/oauth2/session`)).status, 401);
});
