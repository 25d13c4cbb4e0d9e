import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { arrive, assertRefused, heading, isSignedIn, TARGET, tokenAt, tryAgain } from './fault-pages.ts';
import { openFaultWorld } from './fault-world.ts';
import type { FaultWorld } from './fault-world.ts';

/* Entra ID misbehaving: the same faults, met with another kind's rules. */

const FAILED = { status: 500, heading: 'Innloggingen mislyktes' };
const DOWN = { status: 503, heading: 'Innloggingstjenesten svarer ikke' };
const CANCELLED = { status: 403, heading: 'Innloggingen ble avbrutt' };
/** Long enough for a token that was due to be over, and for the provider to be asked again. */
const WHILE_SECONDS = 60;
/** A key document that is too old is fetched before a sign-in goes on; one that is only old, behind it, some time after. */
const DAY_SECONDS = 24 * 60 * 60;

let world: FaultWorld;

before(async () => {
  world = await openFaultWorld({ persona: 'entra' });
});
after(() => world?.close());
beforeEach(() => world.calm());

function count(end: string): number {
  return world.asked.filter((path) => path.endsWith(end)).length;
}

/** Signs in, and lets time pass until the token is due: how long Entra's live is a matter of chance. */
async function due(
  fault: string,
): Promise<{ readonly browser: ReturnType<FaultWorld['browser']>; readonly old: string }> {
  world.clock.now += DAY_SECONDS;
  const browser = world.browser();
  const old = tokenAt(await arrive(world, browser));
  const script = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };
  const { html } = await browser.open(`${world.ingress}/oauth2/session`, { ...script, accept: 'application/json' });
  // oxlint-disable-next-line typescript/consistent-type-assertions -- the proxy of this process
  const { tokens } = JSON.parse(html) as { tokens: { next_auto_refresh_in_seconds: number } };
  world.clock.now += tokens.next_auto_refresh_in_seconds + 2;
  world.asked.length = 0;
  await world.switchOn({ fault, endpoint: 'token', times: 2 });
  return { browser, old };
}

describe('Entra ID at the sign-in', () => {
  const refused = ['wrong-nonce', 'bad-aud', 'bad-sig', 'alg-none', 'skew', 'skew:-6000', 'unpublished-key'];
  for (const fault of refused) {
    test(`${fault}: nobody is signed in, and a page to try again from`, async () => {
      const browser = world.browser();
      await world.switchOn({ fault });
      const page = await arrive(world, browser);
      assert.equal(await world.hits(), 1);
      await assertRefused(world, browser, page, FAILED);
      assert.equal(count('/token'), 1);
      tokenAt(await tryAgain(world, browser, page));
    });
  }

  test('access_denied: a page that says so, with a way back', async () => {
    const browser = world.browser();
    await world.switchOn({ fault: 'access_denied' });
    const page = await arrive(world, browser);
    await assertRefused(world, browser, page, CANCELLED);
    tokenAt(await tryAgain(world, browser, page));
  });

  for (const fault of ['token-5xx', 'html-500', 'reset', 'half-body']) {
    test(`${fault}: 503 and a page to try again from; the code is sent once`, async () => {
      const browser = world.browser();
      await world.switchOn({ fault, endpoint: 'token' });
      const page = await arrive(world, browser);
      await assertRefused(world, browser, page, DOWN);
      assert.equal(count('/token'), 1);
      tokenAt(await tryAgain(world, browser, page));
    });
  }

  // Its metadata promises neither `iss` in answers nor `sid` in ID tokens, and it publishes two keys.
  for (const fault of ['no-sid', 'no-kid', 'skew:50', 'skew:-50']) {
    test(`${fault}: signs in`, async () => {
      await world.switchOn({ fault });
      tokenAt(await arrive(world, world.browser()));
      assert.equal(await world.hits(), 1);
    });
  }

  for (const fault of ['no-iss', 'bad-iss']) {
    test(`${fault}: acts on nothing, for Entra ID names no issuer in its answers`, async () => {
      await world.switchOn({ fault });
      tokenAt(await arrive(world, world.browser()));
      assert.equal(await world.hits(), 0);
    });
  }

  test('rotated-keys: signs in, by asking for the key document once more', async () => {
    world.clock.now += DAY_SECONDS;
    tokenAt(await arrive(world, world.browser()));
    await world.calm();
    await world.switchOn({ fault: 'rotated-keys' });
    tokenAt(await arrive(world, world.browser()));
    assert.equal(await world.hits(), 1);
    assert.equal(count('/keys'), 1);
  });
});

describe('Entra ID at a refresh', () => {
  for (const fault of ['token-5xx', 'html-500', 'reset', 'half-body']) {
    test(`${fault} twice: the old token while it lives, and a new one when it is over`, async () => {
      const { browser, old } = await due(fault);
      assert.equal(tokenAt(await browser.open(`${world.ingress}${TARGET}`)), old);
      assert.equal(count('/token'), 2);
      world.clock.now += WHILE_SECONDS;
      const page = await browser.open(`${world.ingress}${TARGET}`);
      assert.notEqual(tokenAt(page), old, heading(page));
    });
  }

  test('refresh-reject: the session ends, and single sign-on begins another', async () => {
    const { browser, old } = await due('refresh-reject');
    const page = await arrive(world, browser);
    assert.notEqual(tokenAt(page), old);
    assert.equal(world.events.filter(({ event }) => event === 'session.ended').length, 1);
    assert.equal(await isSignedIn(world, browser), true);
  });

  test('rotated-keys: goes on', async () => {
    const { browser, old } = await due('rotated-keys');
    assert.notEqual(tokenAt(await browser.open(`${world.ingress}${TARGET}`)), old);
    assert.equal(count('/keys'), 1);
  });
});
