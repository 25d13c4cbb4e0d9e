import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { PAGE_LOCALES } from '../../src/login/pages/locale.ts';
import { PAGE_TEXTS } from '../../src/login/pages/page-texts.ts';
import { makePage, PAGES } from '../../src/login/testing/pages.ts';
import { serve } from '../../src/web/serve.ts';
import { assertAccessible, noAxe } from '../axe.ts';
import { launchChromium, noChromium } from '../chromium.ts';
import { scrollsSideways, withoutScript } from './world.ts';

const OPTIONS = { skip: noChromium };
const JUDGED = { skip: noChromium || noAxe };
/** Pages that stay until somebody chooses to go on; the bounce leads on by itself. */
const STAYING = PAGES.filter((name) => name !== 'signed-in');

const asked: string[] = [];
const pages = await serve({
  name: 'login pages',
  setting: '-',
  host: '127.0.0.1',
  port: 0,
  handle: (http) => {
    asked.push(`${http.method} ${http.target}`);
    const name = PAGES.find((page) => http.path === `/${page}`);
    if (name !== undefined) return makePage(name, { ...http, target: '/app/page' }, '/app/next?a=1&b=2');
    const headers = { 'Content-Type': 'text/html; charset=utf-8' };
    return { status: 200, headers, body: '<!doctype html><html lang="en"><title>Next</title><h1>Next</h1>' };
  },
});
after(() => pages.close(0));
const chromium = noChromium === false ? await launchChromium() : undefined;
after(() => chromium?.close());

async function open(
  t: { after: (end: () => Promise<void>) => void },
  options: BrowserContextOptions = {},
): Promise<Page> {
  assert.ok(chromium !== undefined);
  const context = await chromium.newContext(options);
  t.after(() => context.close());
  return await context.newPage();
}

for (const locale of PAGE_LOCALES) {
  test(
    `login page: every page in ${locale} fits 320 px, and its way on works by keyboard without scripts`,
    OPTIONS,
    async (t) => {
      const page = await open(t, { javaScriptEnabled: false, viewport: { width: 320, height: 640 } });
      for (const name of STAYING) {
        await page.goto(`${pages.origin}/${name}?locale=${locale}`);
        assert.equal(await page.locator('html').getAttribute('lang'), locale);
        assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), PAGE_TEXTS[locale].pages[name].title);
        assert.equal(await page.locator('main h1').count(), 1, name);
        assert.equal(await scrollsSideways(page), false, name);
        const box = await page.locator('.primary').boundingBox();
        assert.ok(box !== null && box.height >= 44 && box.x >= 0 && box.x + box.width <= 320, name);
        await page.keyboard.press('Tab');
        assert.equal(await page.evaluate('document.activeElement.className'), 'primary', name);
        assert.notEqual(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle'), 'none', name);
        asked.length = 0;
        await page.keyboard.press('Enter');
        await page.waitForURL((url) => url.pathname.startsWith('/app'));
        const method = name === 'confirm-logout' || name === 'logging-out' ? 'POST' : 'GET';
        assert.match(asked[0] ?? '', new RegExp(`^${method} /app`), name);
      }
    },
  );
}

test(
  'login page: nothing is cut off with text twice as large and no style sheet is needed to read',
  OPTIONS,
  async (t) => {
    const page = await open(t, { viewport: { width: 640, height: 900 } });
    for (const name of STAYING.filter((one) => one !== 'logging-out')) {
      await page.goto(`${pages.origin}/${name}?locale=nn`);
      await page.evaluate("document.documentElement.style.fontSize = '200%'");
      assert.equal(await scrollsSideways(page), false, name);
      await page.evaluate("document.querySelector('style').remove()");
      const text = await page.locator('body').innerText();
      const { title, sentence, advice, action } = PAGE_TEXTS.nn.pages[name];
      const at = [title, sentence, advice, action, PAGE_TEXTS.nn.reference].map((part) => text.lastIndexOf(part));
      assert.ok(
        at.every((index) => index >= 0),
        text,
      );
      assert.deepEqual(
        at,
        at.toSorted((one, other) => one - other),
        name,
      );
    }
  },
);

test(
  'login page: the logout form is sent by itself where scripts run, and the bounce goes on without',
  OPTIONS,
  async (t) => {
    const scripted = await open(t);
    asked.length = 0;
    await scripted.goto(`${pages.origin}/logging-out`);
    await scripted.waitForURL(`${pages.origin}/app/**`);
    assert.ok(asked.includes('POST /app/next?a=1&b=2'), asked.join('\n'));
    const plain = await open(t, { javaScriptEnabled: false });
    await plain.goto(`${pages.origin}/signed-in`);
    await plain.waitForURL(`${pages.origin}/app/next?a=1&b=2`);
    assert.ok(asked.includes('GET /app/next?a=1&b=2'), asked.join('\n'));
  },
);

test('login page: no page loads, runs or complains about anything under its policy', OPTIONS, async (t) => {
  const page = await open(t);
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  const wanted = new Set(['/favicon.ico']);
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (!wanted.has(pathname)) complaints.push(pathname);
  });
  for (const name of STAYING.filter((one) => one !== 'logging-out')) {
    wanted.add(`/${name}`);
    await page.goto(`${pages.origin}/${name}`);
    const styled = await page.evaluate("getComputedStyle(document.querySelector('.primary')).fontWeight");
    assert.equal(styled, '600', `${name} has its style sheet`);
  }
  // A browser notes each page that is no 200 by itself.
  assert.deepEqual(
    complaints.filter((line) => !line.startsWith('Failed to load resource: the server responded')),
    [],
  );
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`login page: axe finds no serious barrier on any page, in ${colorScheme}`, JUDGED, async (t) => {
    const page = await open(t, { colorScheme, viewport: { width: 320, height: 640 } });
    // The form that sends itself stays while it is looked at.
    await withoutScript(page.context(), /\/logging-out\b/);
    // What languages differ in is judged once.
    for (const locale of colorScheme === 'light' ? PAGE_LOCALES : (['nn'] as const)) {
      for (const name of STAYING) {
        await page.goto(`${pages.origin}/${name}?locale=${locale}`);
        await assertAccessible(page);
        assert.equal(new URL(page.url()).pathname, `/${name}`, 'it is still there');
      }
    }
  });
}
