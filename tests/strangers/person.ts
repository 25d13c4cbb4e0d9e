import { createBrowser } from '../journeys/browser.ts';
import type { Browser } from '../journeys/browser.ts';
import { localFetch } from '../local-fetch.ts';
import type { TestFetch } from '../local-fetch.ts';

/** A citizen and case worker among the people the local providers start with. */
export const PID = '01819090285';

/** A browser that goes no further than `callback`: whoever waits there reads the address itself. */
export function browserUpTo(callback: string, fetch: TestFetch = localFetch(undefined)): Browser {
  return createBrowser((url, init) =>
    url.startsWith(callback) ? Promise.resolve(new Response('')) : fetch(url, init),
  );
}

/** Opens a provider's authorization URL, signs in on its page as this person, and answers the callback's URL. */
export async function signInFor(browser: Browser, url: URL | string, person: string = PID): Promise<URL> {
  const page = await browser.open(String(url));
  const answer = await browser.submit(page, 'fm-login', { person }, 'fm-continue');
  return new URL(answer.url);
}
