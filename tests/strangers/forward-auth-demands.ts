import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { OuterProxy } from './forward-auth-cases.ts';
import { scene, signIn } from './forward-auth-cases.ts';

async function showsGuard(t: TestContext, outer: OuterProxy): Promise<void> {
  const at = await scene(t, outer);
  await signIn(at, '/');
  const { browser, seen } = at;
  const hostile = { 'sec-fetch-site': 'same-site', origin: 'https://evil.example.test' };
  const handshake = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-fetch-mode': 'websocket',
  };
  assert.equal((await browser.fetch('/writes/x', { method: 'POST', headers: hostile })).status, 403);
  assert.equal((await browser.fetch('/writes/x', { headers: { ...hostile, ...handshake } })).status, 403);
  assert.equal(seen.length, 0);
  assert.equal((await browser.fetch('/writes/x', { method: 'POST' })).status, 200);
}

async function showsStepUp(t: TestContext, outer: OuterProxy): Promise<void> {
  const at = await scene(t, outer);
  await signIn(at, '/');
  const { browser, seen } = at;
  at.login.clock.seconds += 100;
  const script = await browser.fetch('/young/x');
  assert.equal(script.status, 401);
  assert.match(
    String(script.headers['www-authenticate']),
    /^Bearer error="insufficient_user_authentication", max_age="60"$/,
  );
  const link = await browser.visit('/young/x');
  assert.equal(link.status, 302);
  assert.equal(new URL(link.headers.location ?? '').searchParams.get('prompt'), 'login');
  assert.equal(seen.length, 0);
  assert.equal((await browser.fetch('/x')).status, 200);
}

/** What rules demand beyond a session, as it comes through one outer proxy with its example file. */
export function judgeDemands(outer: OuterProxy): void {
  const { name, skip } = outer;
  test(`T11 ${name}: pages of other sites neither write nor open a WebSocket where a rule guards it`, { skip }, (t) =>
    showsGuard(t, outer),
  );
  test(
    `${name}: scripts hear what more a rule demands, links lead to a login that brings it (RFC 9470 3)`,
    { skip },
    (t) => showsStepUp(t, outer),
  );
}
