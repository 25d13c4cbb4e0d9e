import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import type { HttpRequest, HttpResponse } from '../../src/web/http.ts';
import { redirect } from '../../src/web/http.ts';
import { serve } from '../../src/web/serve.ts';
import { selfSigned } from '../../src/web/testing/self-signed.ts';
import { launchChromium, noChromium } from '../chromium.ts';
import { APP, html, openScene } from './01-13-scene.ts';
import { openTunnel } from './01-13-tunnel.ts';
import { startHostileProvider } from './01-36-provider.ts';
import { HOST, startWorld } from './01-36-world.ts';
import { noCorpus } from '../../src/login/testing/redirect-corpus.ts';
import { OWN_TARGETS, redirectTargets } from './06-redirects.ts';
import { isFull } from './scale.ts';

const SKIP = noChromium || noCorpus;
const NO_REPETITION = { FULLMAKT_LOGIN_RATELIMIT_ENABLED: 'false' };
const SAMPLE = 25;

const chromium = SKIP === false ? await launchChromium() : undefined;
after(() => chromium?.close());

/** Every value of `Location` that a login, a late callback and a logout end with, for any of these targets. */
async function emitted(t: TestContext, targets: readonly string[]): Promise<readonly string[]> {
  const world = await startWorld(t, { env: NO_REPETITION });
  const [person, stranger] = [world.person(), world.person()];
  const browser = world.browser();
  const seen = new Set<string>();
  const note = (what: string, location: string | null, target: string): void => {
    assert.ok(location !== null, `no ${what} with ${JSON.stringify(target)}`);
    seen.add(location);
  };
  for (const target of targets) {
    note('login', (await world.signIn(browser, person, target)).location, target);
    const late = await world.attempt(world.browser(), stranger, target);
    note('late callback', (await browser.visit(late)).location, target);
    const page = await browser.visit(`/oauth2/logout?redirect=${encodeURIComponent(target)}`);
    const [, state = ''] = /name="state" value="([^"]+)"/.exec(page.body) ?? [];
    assert.ok(state, `no logout with ${JSON.stringify(target)}: ${page.status}`);
    note('logout', (await browser.visit(`/oauth2/logout/callback?state=${state}`)).location, target);
  }
  return [...seen];
}

test('T06 wherever login, late callback and logout lead to with any line of the corpus, raw, decoded once and twice, Chromium ends on our origin', {
  skip: SKIP,
  timeout: 240_000,
}, async (t) => {
  assert.ok(chromium !== undefined);
  const targets = [...new Set([...redirectTargets(), ...OWN_TARGETS])];
  assert.ok(targets.length >= 559);
  const locations = await emitted(t, targets);
  assert.ok(locations.length > 10, `${locations.length} different ones`);
  // Control: a value that leads away is seen as one.
  const values = [...locations, '//evil.test/away'];
  const asked = new Set<number>();
  const handle = ({ path, query }: HttpRequest): HttpResponse => {
    const index =
      path === '/oauth2/callback' ? Number(new URLSearchParams(query).get('value') ?? Number.NaN) : Number.NaN;
    const value = values[index];
    if (value === undefined) return html('landed');
    asked.add(index);
    return redirect(value);
  };
  const server = await serve({
    name: 'as emitted',
    setting: '-',
    host: '127.0.0.1',
    port: 0,
    handle,
    tls: await selfSigned(),
  });
  t.after(() => server.close(0));
  const tunnel = await openTunnel({ [HOST]: server.port, 'evil.test': server.port });
  t.after(() => tunnel.close());
  const context = await chromium.newContext({ ignoreHTTPSErrors: true, proxy: { server: tunnel.url } });
  t.after(() => context.close());
  const page = await context.newPage();
  for (const [index, value] of values.entries()) {
    await page.goto(`${APP}/oauth2/callback?value=${index}`);
    const { origin } = new URL(page.url());
    assert.equal(origin, index < locations.length ? APP : 'https://evil.test', JSON.stringify(value));
  }
  assert.equal(asked.size, values.length);
});

test('T06 followed by Chromium all the way, login and logout end on our origin, and nobody else is asked for anything', {
  skip: SKIP,
  timeout: isFull ? 900_000 : 240_000,
}, async (t) => {
  assert.ok(chromium !== undefined);
  const clock = { seconds: 1_800_000_000 };
  // Logouts end at once at a provider that has no end of session.
  const metadata = { end_session_endpoint: undefined };
  const provider = await startHostileProvider({ now: () => clock.seconds, metadata });
  t.after(() => provider.close());
  const scene = await openScene(t, chromium, { env: NO_REPETITION, provider, clock });
  const context = await scene.open(scene.world.person());
  const page = await context.newPage();
  const home = new Set([APP, provider.issuer]);
  const lured: string[] = [];
  context.on('request', (request) => {
    if (!home.has(new URL(request.url()).origin)) lured.push(request.url());
  });
  const targets = redirectTargets();
  const step = isFull ? 1 : Math.floor(targets.length / SAMPLE);
  for (const target of targets.filter((_, index) => index % step === 0)) {
    for (const route of ['login', 'logout']) {
      await page.goto(`${APP}/oauth2/${route}?redirect=${encodeURIComponent(target)}`);
      assert.equal(new URL(page.url()).origin, APP, `${route} ${JSON.stringify(target)}`);
      assert.deepEqual(lured, [], `${route} ${JSON.stringify(target)}`);
    }
  }
});
