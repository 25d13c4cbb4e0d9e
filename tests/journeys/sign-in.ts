import assert from 'node:assert/strict';
import type { Browser, Page } from './browser.ts';

/** Opens an address and signs in on the provider's page as this person; returns where that ends. */
export async function signIn(
  browser: Browser,
  url: string,
  person: string,
  acr?: 'substantial' | 'high',
): Promise<Page> {
  const page = await browser.open(url);
  assert.match(page.html, /id="fm-login"/, `no sign-in page at ${page.url} (${page.status})`);
  return browser.submit(page, 'fm-login', { person, ...(acr && { acr }) }, 'fm-continue');
}

/** Signs out at the app and goes through the provider's page, its front-channel frames included. */
export async function signOut(browser: Browser, appUrl: string): Promise<Page> {
  let page = await browser.open(`${appUrl}/oauth2/logout`, { 'sec-fetch-site': 'same-origin' });
  for (let step = 0; step < 4 && /<(form|iframe)\b/.test(page.html) && !page.html.includes('id="fm-login"'); step++) {
    for (const [, src = ''] of page.html.matchAll(/<iframe\b[^>]*\bsrc="([^"]+)"/g)) {
      const framed = await browser.open(src.replaceAll('&amp;', '&'), {
        'sec-fetch-dest': 'iframe',
        'sec-fetch-site': 'same-site',
      });
      assert.equal(framed.status, 200, `front-channel logout at ${src}`);
    }
    if (!/<form\b/.test(page.html)) break;
    page = await browser.submit(page, undefined, {});
  }
  return page;
}
