import assert from 'node:assert/strict';
import type { Browser, Page } from './browser.ts';
import type { FaultWorld } from './fault-world.ts';

/** Where everybody in these tests wants to go. */
export const TARGET = '/soknad?steg=2';
const PERSON = { idporten: '01819090285', entra: '01819090285' } as const;

/** Opens the application, and signs in where a provider asks for it. Answers where that ends. */
export async function arrive(world: FaultWorld, browser: Browser): Promise<Page> {
  const page = await browser.open(`${world.ingress}${TARGET}`);
  if (!page.html.includes('id="fm-login"')) return page;
  return browser.submit(page, 'fm-login', { person: PERSON.idporten }, 'fm-continue');
}

/** Goes straight on from a page we were refused on, by the link it offers. */
export async function tryAgain(world: FaultWorld, browser: Browser, page: Page): Promise<Page> {
  const [, link = ''] = /<a class="primary" href="([^"]+)"/.exec(page.html) ?? [];
  assert.match(link, /^\/oauth2\/login\?redirect=/, `no way back on:\n${page.html}`);
  const next = await browser.open(new URL(link.replaceAll('&amp;', '&'), world.ingress).href);
  if (!next.html.includes('id="fm-login"')) return next;
  return browser.submit(next, 'fm-login', { person: PERSON.idporten }, 'fm-continue');
}

/** The token the application was sent. */
export function tokenAt(page: Page): string {
  assert.equal(page.status, 200, `${page.url} answered ${page.status}: ${heading(page)}`);
  // oxlint-disable-next-line typescript/consistent-type-assertions -- what the application behind the proxy echoes
  const echoed = JSON.parse(page.html) as { target: string; authorization: string | null };
  assert.equal(echoed.target, TARGET);
  const [, token = ''] = /^Bearer (.+)$/.exec(echoed.authorization ?? '') ?? [];
  assert.notEqual(token, '', 'the application was sent no token');
  return token;
}

/** The heading of a page, or its start. */
export function heading({ html }: Page): string {
  return /<h1>([^<]*)<\/h1>/.exec(html)?.[1] ?? html.slice(0, 300);
}

/** Whether this browser has a session, as a script on the page would learn. */
export async function isSignedIn(world: FaultWorld, browser: Browser): Promise<boolean> {
  const script = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };
  const { status } = await browser.open(`${world.ingress}/oauth2/session`, { ...script, accept: 'application/json' });
  assert.ok([200, 401].includes(status), `/oauth2/session answered ${status}`);
  return status === 200;
}

/** A refusal at the callback: this page, one callback, no session, and nothing of the answer or a token on it. */
export async function assertRefused(
  world: FaultWorld,
  browser: Browser,
  page: Page,
  expected: { readonly status: number; readonly heading: string },
): Promise<void> {
  assert.deepEqual({ status: page.status, heading: heading(page) }, expected);
  assert.equal(new URL(page.url).pathname, '/oauth2/callback');
  const callbacks = browser.visited.filter((url) => url.startsWith(`${world.ingress}/oauth2/callback`));
  assert.equal(callbacks.length, 1, 'the browser is not sent round');
  const parameters = new URL(page.url).searchParams;
  for (const name of ['code', 'state']) {
    const value = parameters.get(name);
    assert.ok(value === null || !page.html.includes(value), `${name} is on the page`);
  }
  assert.doesNotMatch(page.html, /eyJ[\w-]+\./);
  assert.equal(await isSignedIn(world, browser), false);
}
