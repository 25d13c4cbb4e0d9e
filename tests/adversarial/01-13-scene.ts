import { setTimeout as wait } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import type { Browser, BrowserContext, Frame, Page } from 'playwright-core';
import type { HttpRequest, HttpResponse } from '../../src/web/http.ts';
import { serve } from '../../src/web/serve.ts';
import { selfSigned } from '../../src/web/testing/self-signed.ts';
import { identityOf } from './01-36-provider.ts';
import type { Person } from './01-36-provider.ts';
import type { World, WorldOptions } from './01-36-world.ts';
import { HOST, SESSION, startWorld } from './01-36-world.ts';
import { openTunnel } from './01-13-tunnel.ts';

/** Where people use the app. */
export const APP: string = `https://${HOST}`;
/** Another site. */
export const EVIL = 'https://evil.test';
/** Another host of our own site. */
export const SIBLING = 'https://sibling.example.test';

/** Our app behind the login proxy, hostile sites around it, and browsers that reach them by their names. */
export interface Scene {
  readonly world: World;
  /** A browser of its own, in which the provider takes everybody for this person. */
  open(person: Person): Promise<BrowserContext>;
  /** What the hostile sites answer; by path. */
  readonly pages: Map<string, HttpResponse>;
  /** While true, callbacks are held back and their addresses kept. */
  readonly gate: { held: string[] | undefined };
  readonly strays: readonly string[];
}

/** A page of a hostile site. */
export function html(body: string, headers: Readonly<Record<string, string | readonly string[]>> = {}): HttpResponse {
  return {
    status: 200,
    headers: { 'content-type': 'text/html', ...headers },
    body: `<!doctype html><title>x</title>${body}`,
  };
}

/** Starts it; all of it ends with the test. */
export async function openScene(
  t: TestContext,
  chromium: Browser,
  options: Pick<WorldOptions, 'env' | 'provider' | 'clock'> = {},
): Promise<Scene> {
  const tls = await selfSigned();
  const gate: Scene['gate'] = { held: undefined };
  const hold = (request: HttpRequest): HttpResponse | undefined => {
    if (gate.held === undefined || request.path !== '/oauth2/callback') return undefined;
    gate.held.push(APP + request.target);
    return html('held');
  };
  const world = await startWorld(t, { ...options, tls, before: hold });
  const pages = new Map<string, HttpResponse>();
  const handle = ({ path }: HttpRequest): HttpResponse => pages.get(path) ?? html('nothing');
  const others = await serve({ name: 'other sites', setting: '-', host: '127.0.0.1', port: 0, handle, tls });
  t.after(() => others.close(0));
  const tunnel = await openTunnel({
    [HOST]: world.port,
    'evil.test': others.port,
    'sibling.example.test': others.port,
  });
  t.after(() => tunnel.close());
  return {
    world,
    pages,
    gate,
    strays: tunnel.strays,
    async open(person) {
      const context = await chromium.newContext({
        ignoreHTTPSErrors: true,
        proxy: { server: tunnel.url, bypass: '127.0.0.1' },
      });
      t.after(() => context.close());
      await context.addCookies([{ name: 'who', value: person.sub, url: world.provider.issuer }]);
      return context;
    },
  };
}

/** Who the app takes this browser for, by asking it; undefined for nobody. */
export async function whoIs({ world }: Scene, page: Page): Promise<string | undefined> {
  const soFar = world.seen.length;
  await page.goto(`${APP}/whoami`);
  const seen = world.seen.slice(soFar).find(({ url }) => url === '/whoami');
  return identityOf(seen?.headers.authorization)?.sub;
}

/** The session cookie of a browser. */
export async function sessionOf(context: BrowserContext): Promise<string | undefined> {
  return (await context.cookies(APP)).find(({ name }) => name === SESSION)?.value;
}

/** Where a frame has gone. A refused one gets its error page only after the page around it has loaded. */
export async function addressOf(frame: Frame): Promise<string> {
  const deadline = Date.now() + 10_000;
  while (frame.url() === '' && Date.now() < deadline) await wait(10);
  return frame.url();
}
