import type { BrowserContext, Page } from 'playwright-core';

/** Name of the session cookie of an ingress without a path. */
export const SESSION = '__Host-fullmakt.session';

const ATTEMPT = '__Host-fullmakt.login.';

/** How to answer the sign-in page; the first person of the list without `person`. */
interface SignIn {
  readonly person?: string;
  readonly level?: 'substantial' | 'high';
}

/** Answers the provider's sign-in page, and waits for the page of `origin` that this ends on. */
export async function signIn(page: Page, origin: string, { person, level }: SignIn = {}): Promise<void> {
  if (person !== undefined) await page.locator(`input[name="person"][value="${person}"]`).check();
  if (level !== undefined) await page.locator(`input[name="acr"][value="${level}"]`).check();
  await page.locator('#fm-continue').click();
  await page.waitForURL(`${origin}/**`);
}

/** Whom the application takes the visitor of this page for; undefined on pages that are not its own. */
export async function whoOn(page: Page): Promise<string | undefined> {
  const who = page.locator('#who');
  return (await who.count()) === 0 ? undefined : who.innerText();
}

/** The session cookie at an origin; undefined without one. */
export async function sessionAt(context: BrowserContext, origin: string): Promise<string | undefined> {
  return (await context.cookies(origin)).find(({ name }) => name === SESSION)?.value;
}

/** How many logins are under way at an origin, as far as cookies tell. */
export async function attemptsAt(context: BrowserContext, origin: string): Promise<number> {
  return (await context.cookies(origin)).filter(({ name }) => name.startsWith(ATTEMPT)).length;
}

/** Entries of the tab's history, as the browser keeps them. */
export async function historyOf(page: Page): Promise<readonly string[]> {
  const devtools = await page.context().newCDPSession(page);
  const { entries } = await devtools.send('Page.getNavigationHistory');
  return entries.map(({ url }) => url);
}
