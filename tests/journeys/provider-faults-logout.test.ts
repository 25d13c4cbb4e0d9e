import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import type { Browser } from './browser.ts';
import { arrive, isSignedIn, tokenAt } from './fault-pages.ts';
import { openFaultWorld } from './fault-world.ts';

/* What becomes of a session when ID-porten's logout tokens are as its faults make them (login-proxy LO-6). */

const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} };
/** Keys are looked for once in this time for tokens that anybody can send. */
const STRANGERS_PAUSE_SECONDS = 61;

const world = await openFaultWorld({ persona: 'idporten' });
after(() => world.close());
beforeEach(() => world.calm());

/** Somebody signed in, and the name of the sign-in. */
async function signedIn(): Promise<{ readonly browser: Browser; readonly sid: string }> {
  const browser = world.browser();
  tokenAt(await arrive(world, browser));
  const [sid = ''] = world.events.flatMap((each) => (each.event === 'login.succeeded' ? [each.sid ?? ''] : []));
  assert.notEqual(sid, '');
  return { browser, sid };
}

/** A logout token as ID-porten would sign it, with this fault; the status it gets here. */
async function tell(sid: string, fault?: string, claims: Readonly<Record<string, unknown>> = {}): Promise<number> {
  const order = {
    kind: 'logout',
    claims: { aud: 'portal-id', sid, events: EVENTS, ...claims },
    ...(fault && { fault }),
  };
  const minted = await world.providers.control('POST', '/v1/idporten/mint', order);
  assert.equal(minted.status, 200);
  // oxlint-disable-next-line typescript/consistent-type-assertions -- the control API of this process
  const { token } = (await minted.json()) as { token: string };
  const answer = await world.providers.browse(`${world.ingress}/oauth2/logout/backchannel`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ logout_token: token }).toString(),
  });
  return answer.status;
}

describe('A15 a logout token of ID-porten', () => {
  for (const fault of [undefined, 'no-kid', 'skew:50', 'skew:-50', 'rotated-keys']) {
    test(`${fault ?? 'without a fault'}: ends the session, and the person signs in anew`, async () => {
      const { browser, sid } = await signedIn();
      world.clock.now += STRANGERS_PAUSE_SECONDS;
      assert.equal(await tell(sid, fault), 200);
      assert.equal(await isSignedIn(world, browser), false);
    });
  }

  for (const fault of ['bad-sig', 'alg-none', 'unpublished-key', 'bad-aud', 'skew', 'skew:-600']) {
    test(`${fault}: refused, and the session goes on; the next right one ends it`, async () => {
      const { browser, sid } = await signedIn();
      assert.equal(await tell(sid, fault), 400);
      assert.equal(await isSignedIn(world, browser), true);
      assert.equal(await tell(sid), 200);
      assert.equal(await isSignedIn(world, browser), false);
    });
  }

  for (const [what, claims] of [
    ['no event', { events: null }],
    ['a nonce', { nonce: 'n' }],
    ['no jti', { jti: null }],
    ['no iat', { iat: null }],
    ['another issuer', { iss: 'https://other.example.test' }],
  ] as const satisfies readonly (readonly [string, Record<string, unknown>])[]) {
    test(`${what}: refused, and the session goes on`, async () => {
      const { browser, sid } = await signedIn();
      assert.equal(await tell(sid, undefined, claims), 400);
      assert.equal(await isSignedIn(world, browser), true);
    });
  }
});
