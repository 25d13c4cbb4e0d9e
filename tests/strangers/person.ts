import { createBrowser } from '../journeys/browser.ts';
import type { Browser, Page } from '../journeys/browser.ts';
import { localFetch } from '../local-fetch.ts';
import type { TestFetch } from '../local-fetch.ts';

/** A citizen and case worker among the people the local providers start with. */
export const PID = '01819090285';
/** An employee outside every group. */
export const OUTSIDER = '30899940071';

/** A browser that goes no further than `callback`: whoever waits there reads the address itself. */
export function browserUpTo(callback: string, fetch: TestFetch = localFetch(undefined)): Browser {
  return createBrowser((url, init) =>
    url.startsWith(callback) ? Promise.resolve(new Response('')) : fetch(url, init),
  );
}

/** Opens a provider's authorization URL, signs in on its page as this person, and answers the callback's URL. */
export async function signInFor(browser: Browser, url: URL | string, person: string = PID): Promise<URL> {
  const page = await browser.open(String(url));
  return new URL((await choose(browser, page, person)).url);
}

/** Presses the button of the sign-in page. */
export function choose(browser: Browser, page: Page, person: string): Promise<Page> {
  return browser.submit(page, 'fm-login', { person }, 'fm-continue');
}
