import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Browser } from './browser.ts';
import { arrive, heading, isSignedIn, TARGET, tokenAt } from './fault-pages.ts';
import { openFaultWorld } from './fault-world.ts';
import type { FaultSwitch, FaultWorld } from './fault-world.ts';

/* What a person meets when ID-porten misbehaves at a refresh: the old token while it lives, no sign-out for a fault that passes. */

/** A token of an hour is refreshed in its last half minute. */
const DUE_SECONDS = 3575;
const EXPIRED_SECONDS = 40;
/** After a failure the provider is left alone for this long. */
const PAUSE_SECONDS = 6;
/** A key document that is too old is fetched before a sign-in goes on; one that is only old, behind it, some time after. */
const DAY_SECONDS = 24 * 60 * 60;

let world: FaultWorld;

before(async () => {
  world = await openFaultWorld({ persona: 'idporten' });
});
after(() => world?.close());
beforeEach(() => world.calm());

/** Somebody whose token is due for a refresh, at a provider with these faults. */
async function due(
  ...faults: readonly FaultSwitch[]
): Promise<{ readonly browser: Browser; readonly old: string; readonly token: () => Promise<string> }> {
  world.clock.now += DAY_SECONDS;
  const browser = world.browser();
  const old = tokenAt(await arrive(world, browser));
  world.clock.now += DUE_SECONDS;
  world.asked.length = 0;
  await world.switchOn(...faults);
  return { browser, old, token: async () => tokenAt(await browser.open(`${world.ingress}${TARGET}`)) };
}

function tokenCalls(): number {
  return world.asked.filter((each) => each === '/token').length;
}

describe('a token endpoint in trouble at a refresh (login-proxy 8)', () => {
  for (const fault of ['token-5xx', 'token-5xx:500', 'token-5xx:502', 'token-5xx:504', 'html-500', 'reset']) {
    test(`${fault} once: asked a second time, and nobody notices`, async () => {
      const { old, token } = await due({ fault, endpoint: 'token' });
      assert.notEqual(await token(), old);
      assert.equal(tokenCalls(), 2);
    });

    test(`${fault} for longer: the old token while it lives, 503 after that, a new one when it is over`, async () => {
      const { browser, old, token } = await due({ fault, endpoint: 'token', times: 0 });
      assert.equal(await token(), old);
      assert.equal(tokenCalls(), 2);
      assert.equal(await token(), old);
      assert.equal(tokenCalls(), 2, 'the provider is left alone for a moment');
      world.clock.now += EXPIRED_SECONDS;
      const page = await browser.open(`${world.ingress}${TARGET}`);
      assert.equal(page.status, 503, heading(page));
      assert.equal(page.headers.get('retry-after'), '5');
      assert.equal(await isSignedIn(world, browser), true);
      await world.providers.control('DELETE', '/v1/faults');
      world.clock.now += PAUSE_SECONDS;
      assert.notEqual(await token(), old);
    });
  }

  test('slow-token: given up after twenty seconds and not asked again, for the token may be spent', async (t: TestContext) => {
    const { old, token } = await due({ fault: 'slow-token:20000' });
    world.slow.rule(t);
    assert.equal(await token(), old);
    assert.equal(tokenCalls(), 1);
    world.clock.now += PAUSE_SECONDS;
    assert.notEqual(await token(), old, 'it was not spent');
  });

  test('slow-token:19000: waited for', async (t: TestContext) => {
    const { old, token } = await due({ fault: 'slow-token:19000' });
    world.slow.rule(t);
    assert.notEqual(await token(), old);
    assert.equal(tokenCalls(), 1);
  });

  test('half-body: the token was spent for an answer that is lost, so the session ends and another begins', async () => {
    const { browser, old } = await due({ fault: 'half-body', endpoint: 'token' });
    const page = await browser.open(`${world.ingress}${TARGET}`);
    assert.equal(tokenCalls(), 2);
    assert.match(page.html, /id="fm-login"/);
    assert.equal(await isSignedIn(world, browser), false);
    assert.notEqual(tokenAt(await arrive(world, browser)), old);
  });
});

describe('what ID-porten says of the refresh token', () => {
  test('refresh-reject: the session ends, the person signs in again and is where they were', async () => {
    const { browser, old } = await due({ fault: 'refresh-reject' });
    const page = await browser.open(`${world.ingress}${TARGET}`);
    assert.match(page.html, /id="fm-login"/);
    assert.equal(tokenCalls(), 1);
    assert.equal(await isSignedIn(world, browser), false);
    assert.notEqual(tokenAt(await arrive(world, browser)), old);
  });

  test('refresh-reject: a script is told by 401, and where to sign in', async () => {
    const { browser } = await due({ fault: 'refresh-reject' });
    const script = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };
    const answer = await browser.open(`${world.ingress}/api`, { ...script, accept: 'application/json' });
    assert.equal(answer.status, 401);
    assert.equal(answer.headers.get('location'), '/oauth2/login');
  });

  test('refresh-same: goes on with the token it has, time after time', async () => {
    const { old, token } = await due({ fault: 'refresh-same' });
    const second = await token();
    world.clock.now += DUE_SECONDS;
    assert.notEqual(second, old);
    assert.notEqual(await token(), second);
    assert.equal(await world.hits(), 1);
  });
});

describe('an ID token that is wrong at a refresh (login-proxy RF-1)', () => {
  for (const fault of ['alg-none', 'bad-aud', 'bad-sig', 'unpublished-key', 'skew', 'skew:-600']) {
    test(`${fault}: nothing of the answer is used, and the session ends`, async () => {
      const { browser, old } = await due({ fault });
      const page = await browser.open(`${world.ingress}${TARGET}`);
      assert.equal(await world.hits(), 1);
      assert.match(page.html, /id="fm-login"/);
      assert.equal(await isSignedIn(world, browser), false);
      assert.notEqual(tokenAt(await arrive(world, browser)), old);
    });
  }

  test('no-sid: goes on, and ID-porten ends the session by the sid it had', async () => {
    const { browser, old, token } = await due({ fault: 'no-sid' });
    const [sid = ''] = world.events.flatMap((each) => (each.event === 'login.succeeded' ? [each.sid ?? ''] : []));
    assert.notEqual(await token(), old);
    assert.equal(await world.hits(), 1);
    const parameters = new URLSearchParams({ iss: world.providers.issuers.idporten, sid });
    await world.browser().open(`${world.ingress}/oauth2/logout/frontchannel?${parameters.toString()}`);
    assert.equal(await isSignedIn(world, browser), false);
  });

  test('no-kid: goes on', async () => {
    const { old, token } = await due({ fault: 'no-kid' });
    assert.notEqual(await token(), old);
    assert.equal(await world.hits(), 1);
  });

  test('rotated-keys: goes on, by asking for the key document once more', async () => {
    const { old, token } = await due({ fault: 'rotated-keys' });
    assert.notEqual(await token(), old);
    assert.equal(await world.hits(), 1);
    assert.deepEqual(world.asked, ['/token', '/jwks.json']);
  });

  test('rotated-keys while the key document cannot be had: goes on with the new tokens and the old ID token', async () => {
    const { old, token } = await due({ fault: 'rotated-keys' }, { fault: 'html-500', endpoint: 'jwks', times: 0 });
    const second = await token();
    assert.notEqual(second, old);
    await world.providers.control('DELETE', '/v1/faults');
    world.clock.now += DUE_SECONDS;
    assert.notEqual(await token(), second);
  });
});
