import assert from 'node:assert/strict';
import test from 'node:test';
import { callbackPath, startWorld } from '../testing/proxy.ts';

test('stale-callback-continues: without its cookie a callback begins once more, then gives up (W12, L12)', async (t) => {
  const world = await startWorld(t);
  const path = await callbackPath(world, '?redirect=%2Fdeep');
  const other = world.newBrowser();
  const again = await other.visit(path);
  assert.equal(again.status, 302);
  assert.ok(again.headers.location?.startsWith(world.provider.issuer));
  const landed = await other.visit(await world.provider.authorize(again.headers.location ?? ''));
  assert.equal(landed.headers.location, '/deep');
  const third = world.newBrowser();
  const once = await third.visit(path);
  const second = await world.provider.authorize(once.headers.location ?? '');
  third.jar.clear();
  assert.equal((await third.visit(second)).status, 400);
  assert.equal(world.provider.callsTo('token').length, 1);
});

test('a callback without its cookie goes on to its target when the browser is signed in (4 step 3)', async (t) => {
  const world = await startWorld(t);
  const early = await callbackPath(world, '?redirect=%2Fearly');
  await world.logIn();
  const late = await world.browser.visit(early);
  assert.equal(late.status, 302);
  assert.equal(late.headers.location, '/early');
  assert.equal(world.provider.callsTo('token').length, 1);
});

test('an attempt older than ten minutes is begun anew (4 step 3, A7)', async (t) => {
  const world = await startWorld(t);
  const path = await callbackPath(world);
  world.clock.seconds += 601;
  const answer = await world.browser.visit(path);
  assert.ok(answer.headers.location?.startsWith(world.provider.issuer));
  assert.equal(world.provider.callsTo('token').length, 0);
});

test('a double submit gets the same session and the code is redeemed once (4 step 5)', async (t) => {
  const world = await startWorld(t);
  const path = await callbackPath(world);
  const copy = world.newBrowser();
  for (const [name, value] of world.browser.jar) copy.jar.set(name, value);
  const [one, two] = await Promise.all([world.browser.visit(path), copy.visit(path)]);
  assert.deepEqual([one.status, two.status], [302, 302]);
  assert.equal(world.browser.jar.get('__Host-fullmakt.session'), copy.jar.get('__Host-fullmakt.session'));
  assert.equal(world.provider.callsTo('token').length, 1);
});

test('a replay after five minutes makes no second token call (A7)', async (t) => {
  const world = await startWorld(t);
  const path = await callbackPath(world, '?redirect=%2Fx');
  const cookies = new Map(world.browser.jar);
  await world.browser.visit(path);
  world.clock.seconds += 300;
  for (const [name, value] of cookies) world.browser.jar.set(name, value);
  const replay = await world.browser.visit(path);
  assert.equal(replay.headers.location, '/x');
  assert.equal(world.provider.callsTo('token').length, 1);
});

test('ten-tabs-ten-targets: sixth-attempt-evicts-first, and every tab still ends on its own target (W12, L11)', async (t) => {
  const world = await startWorld(t);
  const paths: string[] = [];
  for (let tab = 0; tab < 10; tab += 1) {
    paths.push(await callbackPath(world, `?redirect=%2Ftab%2F${tab}`));
    assert.ok([...world.browser.jar.keys()].filter((name) => name.includes('.login.')).length <= 5);
    world.clock.seconds += 1;
  }
  for (const tab of [9, 0, 5, 1, 8, 2, 7, 3, 6, 4]) {
    const answer = await world.browser.visit(paths[tab] ?? '');
    const location = answer.headers.location ?? '';
    const landed = location.startsWith(world.provider.issuer)
      ? (await world.browser.visit(await world.provider.authorize(location))).headers.location
      : location;
    assert.equal(landed, `/tab/${tab}`);
  }
  assert.equal([...world.browser.jar.keys()].filter((name) => name.includes('.login.')).length, 0);
});

test('sixth-attempt-evicts-first among attempts of the same second too (LG-5, L11)', async (t) => {
  const world = await startWorld(t);
  const attempts = (): readonly string[] => [...world.browser.jar.keys()].filter((name) => name.includes('.login.'));
  const begun: string[] = [];
  for (let tab = 0; tab < 7; tab += 1) {
    await callbackPath(world, `?redirect=%2Ftab%2F${tab}`);
    begun.push(...attempts().filter((name) => !begun.includes(name)));
  }
  assert.deepEqual(attempts(), begun.slice(2));
});

test('what a callback carries is no wish of its user: a new attempt asks for what the first one did (4 step 3)', async (t) => {
  const world = await startWorld(t);
  const path = await callbackPath(world, '?level=idporten-loa-high');
  await world.newBrowser().visit(`${path}&level=idporten-loa-substantial&prompt=login&locale=en&domain_hint=evil`);
  const form = world.provider.callsTo('par').at(-1)?.form;
  const sent = ['acr_values', 'prompt', 'ui_locales', 'domain_hint'].map((name) => form?.get(name));
  assert.deepEqual(sent, ['idporten-loa-high', undefined, 'nb', undefined]);
});

test('an attempt cookie that came twice proves nothing and is cleared (4 step 3)', async (t) => {
  const world = await startWorld(t);
  const path = await callbackPath(world);
  const [[name, value] = ['', '']] = world.browser.jar;
  const answer = await world.browser.visit(path, { headers: { cookie: `${name}=${value}; ${name}=planted` } });
  assert.ok(answer.headers.location?.startsWith(world.provider.issuer));
  assert.ok(answer.setCookies.some((cookie) => cookie.startsWith(`${name}=;`)));
  assert.equal(world.provider.callsTo('token').length, 0);
});
