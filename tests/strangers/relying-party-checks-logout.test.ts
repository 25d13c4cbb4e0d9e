import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import type { TestBrowser } from '../../src/login/testing/browser.ts';
import type { World } from '../../src/login/testing/proxy.ts';
import { hasSession, signIn, startParty } from './relying-party.ts';

/* The checks of the relying-party plans on logout that begins here, and on the front channel. */

async function signedIn(t: TestContext): Promise<World> {
  const world = await startParty(t);
  assert.equal((await signIn(world)).status, 302);
  return world;
}

/** Goes to the provider to log out; answers what it was sent. */
async function leave(browser: TestBrowser): Promise<{ readonly endpoint: string; readonly sent: URLSearchParams }> {
  const answer = await browser.visit('/oauth2/logout?redirect=/bye');
  assert.equal(answer.status, 302, answer.body);
  const { origin, pathname, searchParams } = new URL(answer.headers.location ?? '');
  return { endpoint: origin + pathname, sent: searchParams };
}

describe('RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0)', () => {
  test('names the client, the sign-in by its ID token, the way back and a state; the session here has ended', async (t) => {
    const world = await signedIn(t);
    const { endpoint, sent } = await leave(world.browser);
    assert.equal(endpoint, `${world.provider.issuer}/logout`);
    assert.deepEqual([...sent.keys()].toSorted(), ['client_id', 'id_token_hint', 'post_logout_redirect_uri', 'state']);
    assert.equal(sent.get('post_logout_redirect_uri'), 'https://app.example.test/oauth2/logout/callback');
    assert.equal(await hasSession(world.browser), false);
    const back = await world.browser.visit(`/oauth2/logout/callback?state=${sent.get('state')}`);
    assert.deepEqual([back.status, back.headers.location], [302, '/bye']);
  });

  for (const [what, query] of [
    ['another state', '?state=another'],
    ['no state', ''],
    ['the state twice', 'twice'],
  ] as const) {
    test(`back with ${what}: the person is not sent where that logout was to end`, async (t) => {
      const world = await signedIn(t);
      const { sent } = await leave(world.browser);
      const state = sent.get('state') ?? '';
      const given = query === 'twice' ? `?state=${state}&state=${state}` : query;
      const back = await world.browser.visit(`/oauth2/logout/callback${given}`);
      assert.notEqual(back.headers.location, '/bye');
      assert.ok([302, 400].includes(back.status), `answered ${back.status}`);
      assert.equal(await hasSession(world.browser), false);
    });
  }
});

describe('front-channel logout (OpenID Connect Front-Channel Logout 1.0)', () => {
  const inFrame = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe', 'sec-fetch-site': 'cross-site' };
  for (const [what, parameters, status, ends] of [
    ['iss and sid of the sign-in', { iss: '', sid: 'sid-1' }, 200, true],
    ['sid of another sign-in', { iss: '', sid: 'sid-2' }, 200, false],
    ['iss of another issuer', { iss: 'https://other.example.test', sid: 'sid-1' }, 400, false],
    ['no sid', { iss: '' }, 202, false],
  ] as const) {
    test(`${what}: answers ${status}, and the session ${ends ? 'ends' : 'goes on'}`, async (t) => {
      const world = await signedIn(t);
      const query = new URLSearchParams({ ...parameters, iss: parameters.iss || world.provider.issuer });
      const frame = await world
        .newBrowser()
        .ask(`/oauth2/logout/frontchannel?${query.toString()}`, { headers: inFrame });
      assert.equal(frame.status, status);
      assert.equal(frame.headers['x-frame-options'], undefined);
      assert.equal(await hasSession(world.browser), !ends);
    });
  }
});
