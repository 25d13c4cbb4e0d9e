import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import type { World } from '../../src/login/testing/proxy.ts';
import { hasSession, NOW, signIn, startParty } from './relying-party.ts';
import type { Answer } from './relying-party.ts';

/* The checks of the relying-party plan on refresh tokens: what an ID token of a refresh may say (OpenID Connect Core 1.0 12.2). */

const COOLDOWN_SECONDS = 61;

async function signedIn(t: TestContext): Promise<World> {
  const world = await startParty(t);
  assert.equal((await signIn(world)).status, 302);
  world.clock.seconds += COOLDOWN_SECONDS;
  return world;
}

function refresh({ browser }: World): Promise<Answer> {
  const headers = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };
  return browser.ask('/oauth2/session/refresh', { method: 'POST', headers });
}

async function tokenOf({ browser }: World): Promise<unknown> {
  const { authorization } = JSON.parse((await browser.visit('/here')).body);
  return authorization;
}

describe('an ID token of a refresh that is right', () => {
  for (const [what, idToken, answer] of [
    ['the same claims', {}, {}],
    ['no nonce, as is usual', { nonce: undefined }, {}],
    ['none at all', {}, { id_token: undefined }],
    ['the same sign-in time', { auth_time: NOW }, {}],
    ['no new refresh token', {}, { refresh_token: undefined }],
  ] as const) {
    test(`${what}: the application gets the new token`, async (t) => {
      const world = await signedIn(t);
      const old = await tokenOf(world);
      world.provider.bends.idToken = idToken;
      world.provider.bends.answer = answer;
      assert.equal((await refresh(world)).status, 200);
      assert.notEqual(await tokenOf(world), old);
      const [, call] = world.provider.callsTo('token');
      assert.equal(call?.form?.get('grant_type'), 'refresh_token');
    });
  }
});

describe('an ID token of a refresh that is wrong ends the session', () => {
  for (const [what, idToken] of [
    ['another issuer', { iss: 'https://other.example.test' }],
    ['another sub', { sub: 'user-2' }],
    ['no sub', { sub: undefined }],
    ['another audience', { aud: 'client-2' }],
    ['no iat', { iat: undefined }],
    ['an iat before the one there was', { iat: NOW - 30 }],
    ['another nonce', { nonce: 'another' }],
    ['another sign-in time', { auth_time: NOW + 5 }],
    ['another party', { azp: 'client-2' }],
  ] as const satisfies readonly (readonly [string, Record<string, unknown>])[]) {
    test(what, async (t) => {
      const world = await signedIn(t);
      world.provider.bends.idToken = idToken;
      assert.equal((await refresh(world)).status, 401);
      assert.equal(await hasSession(world.browser), false);
      assert.equal(world.seen.length, 0, 'nothing of the answer reached the application');
    });
  }

  for (const signing of ['stranger', 'unknown-kid'] as const) {
    test(`signed by nobody we know (${signing})`, async (t) => {
      const world = await signedIn(t);
      world.provider.bends.signing = signing;
      assert.equal((await refresh(world)).status, 401);
      assert.equal(await hasSession(world.browser), false);
    });
  }
});
