import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SESSION, startWorld } from './01-36-world.ts';

test('T02 a session of the attacker, planted before login, ends at the login, and the victim gets another', async (t) => {
  const world = await startWorld(t);
  const [mallory, victim] = [world.person(), world.person()];
  const attacker = world.browser();
  await world.signIn(attacker, mallory);
  const planted = attacker.jar.get(SESSION) ?? '';
  const browser = world.browser();
  browser.jar.set(SESSION, planted);
  assert.equal((await world.signIn(browser, victim)).status, 302);
  assert.notEqual(browser.jar.get(SESSION), planted);
  assert.equal(await world.judge(browser, victim), 'right');
  assert.equal((await attacker.ask('/oauth2/session')).status, 401);
  assert.equal((await attacker.ask('/x')).status, 401);
  assert.deepEqual(world.oracle.complaints(), []);
});

test('T02 values planted before login, of whatever make, are not what the session gets', async (t) => {
  const world = await startWorld(t);
  const victim = world.person();
  const other = world.browser();
  await world.signIn(other, world.person());
  const ticket = other.jar.get(SESSION) ?? '';
  const plants = ['x', 'a'.repeat(136), ticket.slice(0, -1), `${ticket}A`, ticket.toLowerCase(), ''];
  for (const plant of plants) {
    const browser = world.browser();
    browser.jar.set(SESSION, plant);
    const login = await browser.visit('/oauth2/login');
    assert.equal(browser.jar.has(SESSION), false, 'what does not open is cleared');
    await browser.visit(await world.provider.authorize(login.location, victim));
    assert.notEqual(browser.jar.get(SESSION), plant);
    assert.equal(await world.judge(browser, victim), 'right');
    const attacker = world.browser();
    attacker.jar.set(SESSION, plant);
    assert.equal((await attacker.ask('/x')).status, 401);
  }
});

test('T02 every login has a new id, the former record is gone, and a failed login leaves the session that was', async (t) => {
  const world = await startWorld(t);
  const victim = world.person();
  const browser = world.browser();
  const values: string[] = [];
  for (let login = 0; login < 3; login += 1) {
    await world.signIn(browser, victim);
    values.push(browser.jar.get(SESSION) ?? '');
  }
  assert.equal(new Set(values).size, 3);
  for (const value of values.slice(0, -1)) {
    const former = world.browser();
    former.jar.set(SESSION, value);
    assert.equal((await former.ask('/oauth2/session')).status, 401);
  }
  world.provider.tricks.idToken = { nonce: 'another' };
  assert.notEqual((await world.signIn(browser, victim)).status, 302);
  assert.equal(await world.judge(browser, victim), 'right');
});
