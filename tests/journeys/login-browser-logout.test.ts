import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { noChromium } from '../chromium.ts';
import { type Ground, startGround } from './login-browser.ts';
import { sessionAt, signIn, whoOn } from './login-browser-steps.ts';
import { until } from '../until.ts';

const [HOST_A, HOST_B] = ['a.example.test', 'b.another.test'] as const;
const [A, B] = [`https://${HOST_A}`, `https://${HOST_B}`] as const;
const [TOP, THIRD] = ['top.test', 'third.other.test'] as const;
const CUT_OFF_SECONDS = 30;
const GOING_AWAY_TO_POLICY = 1008;

const started: Ground | undefined =
  noChromium === false ? await startGround({ idporten: [HOST_A, HOST_B] }) : undefined;
after(() => started?.close());
for (const host of [HOST_A, HOST_B]) await started?.startApp(host, started.idporten(host));

/** What the test here stands on. */
function stage(): Ground {
  assert.ok(started !== undefined);
  return started;
}

test('J7 logged out in one application, the other’s session and its open WebSocket end, though third-party cookies are blocked', {
  skip: noChromium,
  timeout: 60_000,
}, async () => {
  const ground = stage();
  const context = await ground.newContext();
  // That they are blocked: a site gets its own cookie, one made for frames, where it is visited, and not where it is framed.
  ground.site(THIRD).headers.set('set-cookie', 'framed=1; Secure; SameSite=None; Path=/');
  ground.site(TOP).pages.set('/', `<iframe src="https://${THIRD}/"></iframe>`);
  const outside = await context.newPage();
  for (const url of [`https://${THIRD}/`, `https://${THIRD}/`, `https://${TOP}/`]) await outside.goto(url);
  const asked = ground.site(THIRD).visits.filter(({ url }) => url === '/');
  assert.deepEqual(
    asked.map(({ headers }) => headers.cookie),
    [undefined, 'framed=1', undefined],
  );

  const inA = await context.newPage();
  await inA.goto(`${A}/case/1`);
  await signIn(inA, A);
  const inB = await context.newPage();
  await inB.goto(`${B}/case/2`);
  assert.equal(inB.url(), `${B}/case/2`, 'one sign-in at the provider is enough for both');
  assert.notEqual(await whoOn(inB), 'nobody');
  await inB.evaluate(`
    window.heard = [];
    window.socket = new WebSocket('wss://${HOST_B}/news');
    window.socket.onmessage = ({ data }) => window.heard.push(data);
    window.over = new Promise((resolve) => { window.socket.onclose = ({ code }) => resolve(code); });
    'no promise';
  `);
  await until(async () => (await inB.evaluate('window.heard.length')) === 1, 'a word on the WebSocket');
  const handshake = ground.site(HOST_B).visits.find(({ url }) => url === '/news');
  assert.ok(handshake?.token !== undefined, 'opened with the session');
  const cookie = await sessionAt(context, B);
  assert.ok(cookie !== undefined);

  const frames: (string | undefined)[] = [];
  context.on('request', (request) => {
    if (new URL(request.url()).pathname !== '/oauth2/logout/frontchannel') return;
    frames.push(new URL(request.url()).origin);
    void request.allHeaders().then((headers) => frames.push(headers['cookie']));
  });
  const left = performance.now();
  await inA.locator('#out').click();
  const code = await inB.evaluate('window.over');
  assert.equal(code, GOING_AWAY_TO_POLICY);
  assert.ok(performance.now() - left < CUT_OFF_SECONDS * 1000);
  assert.ok(frames.includes(B));
  await until(() => frames.length % 2 === 0, 'all headers');
  assert.ok(
    frames.every((each) => each === undefined || each === A || each === B),
    'no cookie came with a frame',
  );
  assert.equal(await sessionAt(context, B), cookie, 'the cookie is still there, and worth nothing');
  const status = await inB.evaluate(`fetch('/oauth2/session').then((answer) => answer.status)`);
  assert.equal(status, 401);
  await inB.goto(`${B}/case/2`);
  assert.equal(await inB.locator('#fm-login').count(), 1, 'the provider asks again');
});
