import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import type { Answer, Browser } from './01-36-browser.ts';
import { identityOf } from './01-36-provider.ts';
import { SESSION, startWorld } from './01-36-world.ts';

const NOW = 1_800_000_000;
const HOURS = 3600;

/** A store that can lose all it holds, as one does whose server was flushed. */
function wipeable(): { readonly store: Store; readonly wipe: () => void } {
  let inner = createMemoryStore({ now: () => NOW });
  const store = new Proxy({} as Store, { get: (_, name) => Reflect.get(inner, name) as unknown });
  return { store, wipe: () => void (inner = createMemoryStore({ now: () => NOW })) };
}

/** A store that tells under which keys sessions lie in it. */
function watched(): { readonly store: Store; readonly inner: Store; readonly keys: string[] } {
  const inner = createMemoryStore({ now: () => NOW });
  const keys: string[] = [];
  const create: Store['create'] = (key, ...rest) => {
    keys.push(key);
    return inner.create(key, ...rest);
  };
  return { store: { ...inner, create }, inner, keys };
}

test('T32 a store wiped under load: everybody is shown the way to login, logs in again, and nothing is a 500', async (t) => {
  const { store, wipe } = wipeable();
  const world = await startWorld(t, { store });
  const people = Array.from({ length: 8 }, () => ({ person: world.person(), browser: world.browser() }));
  for (const { person, browser } of people) await world.signIn(browser, person);
  const rounds = 30;
  const answers: Answer[] = [];
  const load = people.map(async ({ person, browser }, index) => {
    for (let round = 0; round < rounds; round += 1) {
      const path = `/p${index}/${round}`;
      const answer = await browser.visit(path);
      answers.push(answer);
      if (answers.length === people.length * 10) wipe();
      const seen = world.seen.find(({ url }) => url === path);
      assert.equal(seen !== undefined, answer.status === 200, 'who is not let through is not seen');
      if (seen !== undefined) assert.equal(identityOf(seen.headers.authorization)?.sub, person.sub);
      if (answer.status !== 200) assert.equal(answer.location, `/oauth2/login?redirect=${encodeURIComponent(path)}`);
    }
  });
  await Promise.all(load);
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200, 302]));
  for (const { person, browser } of people) {
    assert.equal((await browser.ask('/oauth2/session')).status, 401);
    assert.equal((await browser.ask('/oauth2/session/refresh', { method: 'POST' })).status, 401);
    assert.equal((await world.signIn(browser, person)).status, 302);
    assert.equal(await world.judge(browser, person), 'right');
  }
});

test('T32 a login that was under way when the store was wiped, and a logout after it, still come to an end', async (t) => {
  const { store, wipe } = wipeable();
  const world = await startWorld(t, { store });
  const person = world.person();
  const [browser, other] = [world.browser(), world.browser()];
  await world.signIn(other, person);
  const callback = await world.attempt(browser, person, '/deep');
  wipe();
  assert.equal((await browser.visit(callback)).location, '/deep');
  assert.equal(await world.judge(browser, person), 'right');
  assert.equal((await other.visit('/oauth2/logout')).status, 200);
  assert.equal(other.jar.has(SESSION), false);
});

async function isNoSession(browser: Browser, said: string): Promise<void> {
  const [page, session] = [await browser.ask('/x'), await browser.ask('/oauth2/session')];
  assert.deepEqual([page.status, session.status], [401, 401], said);
}

test('T33 any byte of a record flipped, cut off or added makes it no session; never a 500, never the app', async (t) => {
  const { store, inner, keys } = watched();
  const world = await startWorld(t, { store });
  const browser = world.browser();
  const cookie = (): string => browser.jar.get(SESSION) ?? '';
  await world.signIn(browser, world.person());
  const value = cookie();
  const [key = ''] = keys;
  const record = (await inner.read(key))?.value ?? Buffer.alloc(0);
  assert.ok(record.length > 500);
  const put = async (bytes: Uint8Array): Promise<void> => {
    await inner.put(key, bytes, HOURS);
    browser.jar.set(SESSION, value);
  };
  for (let at = 0; at < record.length; at += 1) {
    const flipped = Buffer.from(record);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
    await put(flipped);
    assert.equal((await browser.ask('/x')).status, 401, `byte ${at}`);
  }
  const others = [
    Buffer.alloc(0),
    record.subarray(0, 1),
    record.subarray(0, -1),
    record.subarray(1),
    Buffer.concat([record, Buffer.of(0)]),
    Buffer.alloc(record.length),
    Buffer.from('{"sub":"mallory"}'),
  ];
  for (const [index, bytes] of others.entries()) {
    await put(bytes);
    await isNoSession(browser, `change ${index}`);
  }
  assert.equal(world.seen.length, 0);
  assert.ok(
    world.events.some(({ event }) => event === 'session.unreadable'),
    'and it is told',
  );
  await put(record);
  assert.equal((await browser.ask('/x')).status, 200, 'the right bytes are the session again');
});

test('T33 a record put under another key, or swapped with another’s, is no session', async (t) => {
  const { store, inner, keys } = watched();
  const world = await startWorld(t, { store });
  const [ann, bob] = [world.browser(), world.browser()];
  await world.signIn(ann, world.person());
  await world.signIn(bob, world.person());
  const [hers = '', his = ''] = keys;
  const [one, two] = [await inner.read(hers), await inner.read(his)];
  await inner.put(hers, two?.value ?? Buffer.of(), HOURS);
  await inner.put(his, one?.value ?? Buffer.of(), HOURS);
  await isNoSession(ann, 'hers');
  await isNoSession(bob, 'his');
  assert.equal(world.seen.length, 0);
});

test('T33 a stolen store shows nobody: no token, subject or cookie is in its records, keys or values', async (t) => {
  const { store, inner, keys } = watched();
  const world = await startWorld(t, { store });
  const person = world.person();
  const browser = world.browser();
  await world.signIn(browser, person);
  await browser.ask('/x');
  const token = world.seen[0]?.headers.authorization?.slice('Bearer '.length) ?? '';
  const record = (await inner.read(keys[0] ?? ''))?.value ?? Buffer.alloc(0);
  for (const secret of [
    token,
    token.split('.')[1] ?? '',
    person.sub,
    person.acr,
    world.provider.issuer,
    browser.jar.get(SESSION) ?? '',
  ]) {
    assert.ok(secret.length > 3);
    for (const form of [secret, Buffer.from(secret).toString('base64url'), Buffer.from(secret).toString('hex')])
      assert.ok(!record.toString('latin1').includes(form) && !keys.join(' ').includes(form), form);
  }
});

test('T33 any character of the cookie changed makes it no session', async (t) => {
  const world = await startWorld(t);
  const browser = world.browser();
  await world.signIn(browser, world.person());
  const value = browser.jar.get(SESSION) ?? '';
  for (let at = 0; at < value.length; at += 1) {
    browser.jar.set(SESSION, `${value.slice(0, at)}${value[at] === 'Q' ? 'g' : 'Q'}${value.slice(at + 1)}`);
    assert.equal((await browser.ask('/x')).status, 401, `character ${at}`);
  }
  assert.equal(world.seen.length, 0);
});
