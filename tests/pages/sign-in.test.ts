import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { assertAccessible, noAxe } from '../axe.ts';
import { launchChromium, noChromium } from '../chromium.ts';
import { openPageWorld, scrollsSideways, withoutRefresh, withoutScript, withoutStyles } from './world.ts';
import type { PageWorld } from './world.ts';

const OPTIONS = { skip: noChromium };
const JUDGED = { skip: noChromium || noAxe };

let world: PageWorld;
let chromium: Browser;

before(async () => {
  if (noChromium === false) [world, chromium] = await Promise.all([openPageWorld(), launchChromium()]);
});

after(async () => {
  await chromium?.close();
  await world?.close();
});

async function open(
  t: { after: (end: () => Promise<void>) => void },
  options: BrowserContextOptions & { readonly styles?: false } = {},
): Promise<Page> {
  const { styles, ...rest } = options;
  const context = await chromium.newContext(rest);
  t.after(() => context.close());
  if (styles === false) await withoutStyles(context);
  return await context.newPage();
}

/** Presses Tab until the element with this selector has the focus, and gives what had it on the way. */
async function tabTo(page: Page, selector: string): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    if (await page.evaluate<boolean>(`document.activeElement?.matches(${JSON.stringify(selector)}) === true`)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`no way by keyboard to ${selector}`);
}

async function focusIsSeen(page: Page): Promise<boolean> {
  // A radio or checkbox hands its outline to the box it stands in.
  const script = `[document.activeElement, document.activeElement.closest('label')]
    .some((element) => element !== null && getComputedStyle(element).outlineStyle !== 'none')`;
  return await page.evaluate<boolean>(script);
}

/** The second person and the lower level, by keyboard alone. */
async function signInByKeyboard(page: Page): Promise<URL> {
  await tabTo(page, 'input[name="person"]');
  assert.ok(await focusIsSeen(page));
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  await tabTo(page, '#fm-pid');
  await tabTo(page, 'input[name="acr"]');
  await page.keyboard.press('ArrowUp');
  await tabTo(page, '#fm-faults summary');
  await tabTo(page, '#fm-continue');
  assert.ok(await focusIsSeen(page));
  await page.keyboard.press('Enter');
  await page.waitForURL(`${world.clientOrigin}/callback**`);
  return new URL(page.url());
}

const SAYS = { nb: 'Logg inn med', nn: 'Kven er du?', se: 'Gii don leat?', en: 'Who are you?' };

for (const [language, words] of Object.entries(SAYS)) {
  test(`page: signing in in ${language} needs a keyboard and nothing else: no script, 360 px`, OPTIONS, async (t) => {
    const page = await open(t, { javaScriptEnabled: false, viewport: { width: 360, height: 740 } });
    await page.goto(world.authorizeUrl({ ui_locales: language }));
    assert.equal(await page.locator('html').getAttribute('lang'), language);
    assert.ok((await page.locator('main').innerText()).includes(words));
    assert.equal(await scrollsSideways(page), false);
    assert.ok((await signInByKeyboard(page)).searchParams.get('code'));
  });
}

test('page: without style sheet the form reads in order and works', OPTIONS, async (t) => {
  const page = await open(t, { styles: false, javaScriptEnabled: false });
  await page.goto(world.authorizeUrl({ ui_locales: 'en' }));
  assert.equal(await page.locator('style').count(), 0);
  const text = await page.locator('body').innerText();
  const order = [
    'not the real one',
    'Sign in with ID-porten',
    'Who are you?',
    'Another synthetic',
    'Security level',
    'Continue',
  ];
  const at = order.map((words) => text.indexOf(words));
  assert.deepEqual(
    at,
    at.toSorted((a, b) => a - b),
    text,
  );
  assert.ok(
    at.every((index) => index >= 0),
    text,
  );
  assert.ok((await signInByKeyboard(page)).searchParams.get('code'));
});

test(
  'page: searching and choosing a language need no script, and Enter does what its field is for',
  OPTIONS,
  async (t) => {
    const page = await open(t, { javaScriptEnabled: false, viewport: { width: 360, height: 740 } });
    await page.goto(world.authorizeUrl({ ui_locales: 'nb' }));
    await page.locator('button[name="lang"][value="nn"]').click();
    assert.equal(await page.locator('html').getAttribute('lang'), 'nn');
    await page.locator('#fm-q').fill('blid');
    await page.keyboard.press('Enter');
    await page.locator('#fm-found').waitFor();
    assert.equal(await page.locator('html').getAttribute('lang'), 'nn');
    assert.equal(await page.locator('input[name="person"]').count(), 1);
    assert.equal(await page.locator('#fm-found').innerText(), 'Viser 1 av 12 personar');
    assert.ok(!page.url().includes('blid'), 'what was searched for stays out of addresses');
    await page.locator('#fm-pid').focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(`${world.clientOrigin}/callback**`);
    await page.goto(world.authorizeUrl({ ui_locales: 'en', prompt: 'login' }));
    assert.equal(await page.locator('html').getAttribute('lang'), 'nn', 'what was chosen goes before ui_locales');
  },
);

test(
  'page: what is wrong is told at the top, with a way to the field, and keeps what was typed',
  OPTIONS,
  async (t) => {
    const page = await open(t, { javaScriptEnabled: false });
    await page.goto(world.authorizeUrl({ ui_locales: 'en' }));
    await page.locator('#fm-pid').fill('01019012345');
    await page.locator('input[name="acr"][value="substantial"]').check();
    await page.keyboard.press('Enter');
    const problem = page.locator('#fm-problem');
    assert.equal(await problem.getAttribute('role'), 'alert');
    assert.equal(await page.locator('#fm-pid').inputValue(), '01019012345');
    assert.ok(await page.locator('input[value="substantial"]').isChecked());
    await problem.locator('a').click();
    assert.ok(await page.evaluate<boolean>('location.hash === "#fm-pid"'));
    await page.locator('#fm-pid').fill('');
    await page.locator('#fm-continue').click();
    await page.waitForURL(`${world.clientOrigin}/callback**`);
  },
);

test('page: form_post is sent by itself with script, and by its button without', OPTIONS, async (t) => {
  const hinted = { response_mode: 'form_post', login_hint: 'testid:01819090285_idporten-loa-high' };
  const page = await open(t);
  await page.goto(world.authorizeUrl(hinted));
  await page.waitForURL(`${world.clientOrigin}/callback`);
  const plain = await open(t, { javaScriptEnabled: false });
  await plain.goto(world.authorizeUrl(hinted));
  await plain.locator('#fm-continue').click();
  await plain.waitForURL(`${world.clientOrigin}/callback`);
  const posts = world.asked.filter((line) => /^POST \/callback code=[\w.-]+&state=st&iss=/.test(line));
  assert.equal(posts.length, 2, world.asked.join('\n'));
});

test('page: signing out tells the client in a frame, then goes back by itself', OPTIONS, async (t) => {
  const page = await open(t, { javaScriptEnabled: false });
  await page.goto(world.authorizeUrl());
  await page.locator('#fm-continue').click();
  await page.waitForURL(`${world.clientOrigin}/callback**`);
  world.asked.length = 0;
  await page.goto(world.logoutUrl);
  await page.waitForURL(`${world.clientOrigin}/bye`);
  assert.ok(
    world.asked.some((line) => /^GET \/frontchannel\?iss=http.*&sid=[\w-]+$/.test(line)),
    world.asked.join('\n'),
  );
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`page: axe finds no serious barrier on any page, in ${colorScheme}`, JUDGED, async (t) => {
    const page = await open(t, { colorScheme, viewport: { width: 360, height: 740 }, locale: 'nn' });
    // What the client shows in a frame is its own.
    await page.route(`${world.clientOrigin}/**`, (route) => route.abort());
    await page.goto(world.authorizeUrl());
    await assertAccessible(page);
    await page.locator('#fm-faults summary').click();
    await page.locator('#fm-pid').fill('123');
    await assertAccessible(page);
    await page.locator('#fm-continue').click();
    await page.locator('#fm-problem').waitFor();
    await assertAccessible(page);
    await page.goto(world.authorizeUrl({ client_id: 'nobody' }));
    assert.equal(await page.locator('#fm-error').innerText(), 'invalid_client');
    await assertAccessible(page);
    const hinted = { response_mode: 'form_post', login_hint: 'testid:01819090285_idporten-loa-high' };
    await withoutScript(page.context());
    await page.goto(world.authorizeUrl(hinted));
    assert.equal(await page.locator('form[action$="/callback"] #fm-continue').count(), 1);
    await assertAccessible(page);
    // It asks for two seconds, in which nobody looks at it on a busy machine; the button beside them waits for nobody.
    await withoutRefresh(page.context());
    await page.goto(world.logoutUrl);
    assert.equal(await page.locator('#fm-continue').count(), 1, 'those in a hurry have a button');
    await assertAccessible(page);
    assert.equal(page.url(), world.logoutUrl, 'it is still there');
  });
}
