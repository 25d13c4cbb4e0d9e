import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { launchChromium, noChromium } from '../chromium.ts';
import { copyExamples, freeOffset, type Platform, removeCopy, startPlatform } from './platform.ts';

let platform: Platform;
let dir: string;
let chromium: Browser;

before(async () => {
  if (noChromium !== false) return;
  dir = copyExamples();
  [platform, chromium] = await Promise.all([
    freeOffset().then((offset) => startPlatform(dir, offset)),
    launchChromium(),
  ]);
});

after(async () => {
  await chromium?.close();
  await platform?.stop();
  if (dir !== undefined) removeCopy(dir);
});

async function newPage(): Promise<Page> {
  // The local Entra ID is served under the private CA of the state folder, which this browser does not know.
  const context = await chromium.newContext({ ignoreHTTPSErrors: true });
  return context.newPage();
}

async function services(page: Page): Promise<string[]> {
  return page.locator('.hop').evaluateAll((hops) => hops.map((hop) => hop.getAttribute('data-service') ?? ''));
}

/** Signs out by clicking, at the provider too: from there the way leads back to the application, which sends who is nobody to sign in. */
async function signOut(page: Page): Promise<void> {
  await page.locator('a[href="/oauth2/logout"]').click();
  await page.locator('#fm-login').waitFor();
  await page.waitForLoadState('load');
}

test('citizen in Chromium: sign in by clicking, read the chain, sign out, and the session is gone at both ends', {
  skip: noChromium,
}, async () => {
  const page = await newPage();
  const url = platform.url('citizen-portal');
  const { pid = '' } = platform.summary.people[0] ?? {};
  await page.goto(url);
  await page.locator(`input[name="person"][value="${pid}"]`).check();
  await page.locator('input[name="acr"][value="substantial"]').check();
  await page.locator('#fm-continue').click();
  await page.waitForURL(`${url}/**`);
  assert.deepEqual(await services(page), ['citizen-portal', 'permit-api', 'register-api']);
  assert.ok((await page.locator('body').innerText()).includes(pid));

  const session = (await page.context().cookies(url)).find(({ name }) => name.includes('citizen-portal'));
  assert.ok(session?.httpOnly && session.sameSite === 'Lax' && session.value.length < 300, JSON.stringify(session));

  await signOut(page);
  await page.goto(url);
  assert.equal(await page.locator('#fm-login').count(), 1, 'ID-porten asks again, so the session is gone at both ends');
});

test('employee in Chromium: sign in with Entra ID, and the register sees the same person', {
  skip: noChromium,
}, async () => {
  const page = await newPage();
  const url = platform.url('case-desk');
  const group = '00000000-0000-4000-8000-0000000000e1';
  const { pid = '' } = platform.summary.people.find(({ groups }) => groups.includes(group)) ?? {};
  await page.goto(url);
  await page.locator(`input[name="person"][value="${pid}"]`).check();
  await page.locator('#fm-continue').click();
  await page.waitForURL(`${url}/**`);
  assert.deepEqual(await services(page), ['case-desk', 'register-api']);

  await signOut(page);
  await page.goto(url);
  assert.equal(await page.locator('#fm-login').count(), 1, 'Entra ID asks again');
});
