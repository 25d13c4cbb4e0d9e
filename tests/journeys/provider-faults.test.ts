import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Browser, Page } from './browser.ts';
import { arrive, assertRefused, isSignedIn, tokenAt, tryAgain } from './fault-pages.ts';
import { openFaultWorld } from './fault-world.ts';
import type { FaultSwitch, FaultWorld } from './fault-world.ts';
import { TROUBLES } from './troubles.ts';

/* What a person meets when ID-porten misbehaves at the sign-in, and that the next attempt goes well. */

const FAILED = { status: 500, heading: 'Innloggingen mislyktes' };
const DOWN = { status: 503, heading: 'Innloggingstjenesten svarer ikke' };
const TOO_OLD = { status: 400, heading: 'Innloggingen kan ikke fullføres' };
const CANCELLED = { status: 403, heading: 'Innloggingen ble avbrutt' };

/** A key document that is too old is fetched before a sign-in goes on; one that is only old, behind it, some time after. */
const DAY_SECONDS = 24 * 60 * 60;

let world: FaultWorld;

before(async () => {
  world = await openFaultWorld({ persona: 'idporten' });
});
after(() => world?.close());
beforeEach(() => world.calm());

/** Meets the fault, is refused as expected, and gets in by the link on the page. */
async function refusedThenIn(
  faults: readonly FaultSwitch[],
  expected: { readonly status: number; readonly heading: string },
): Promise<{ readonly page: Page; readonly reason: string; readonly tokenCalls: number }> {
  const browser = world.browser();
  await world.switchOn(...faults);
  const page = await arrive(world, browser);
  assert.ok((await world.hits()) > 0, 'the fault has acted');
  await assertRefused(world, browser, page, expected);
  const tokenCalls = count('/token');
  const told = world.events.find(({ event }) => event === 'login.failed');
  tokenAt(await tryAgain(world, browser, page));
  return { page, tokenCalls, reason: told !== undefined && 'reason' in told ? told.reason : '' };
}

function count(path: string): number {
  return world.asked.filter((each) => each === path).length;
}

async function signsIn(browser: Browser = world.browser()): Promise<void> {
  tokenAt(await arrive(world, browser));
  assert.equal(await isSignedIn(world, browser), true);
}

describe('an ID token of ID-porten that is wrong signs nobody in (login-proxy 4.8)', () => {
  const cases: readonly (readonly [fault: string, reason: string])[] = [
    ['wrong-nonce', ''],
    ['no-sid', 'claim_missing sid'],
    ['bad-aud', ''],
    ['bad-sig', 'signature_invalid'],
    ['alg-none', ''],
    ['skew', ''],
    ['skew:-600', ''],
    ['unpublished-key', 'key_unknown'],
  ];
  for (const [fault, reason] of cases) {
    test(`${fault}: a page to try again from`, async () => {
      const met = await refusedThenIn([{ fault }], FAILED);
      assert.equal(met.tokenCalls, 1, 'the code is redeemed once');
      if (reason !== '') assert.equal(met.reason, reason);
    });
  }

  test('unpublished-key: the key document is asked for once more, and no oftener', async () => {
    await signsIn();
    await world.calm();
    await world.switchOn({ fault: 'unpublished-key' });
    await arrive(world, world.browser());
    assert.equal(count('/jwks.json'), 1);
  });
});

describe('what a client has to put up with', () => {
  test('rotated-keys: signs in, by asking for the key document once more', async () => {
    world.clock.now += DAY_SECONDS;
    await signsIn();
    await world.calm();
    await world.switchOn({ fault: 'rotated-keys' });
    await signsIn();
    assert.equal(await world.hits(), 1);
    assert.equal(count('/jwks.json'), 1);
  });

  test('no-kid: signs in, for one of the published keys made the signature (RFC 7515 4.1.4)', async () => {
    await world.switchOn({ fault: 'no-kid' });
    await signsIn();
    assert.equal(await world.hits(), 1);
  });

  test('no-kid and bad-sig: refused after one more look at the keys', async () => {
    await world.switchOn({ fault: 'no-kid' }, { fault: 'bad-sig' });
    const browser = world.browser();
    await assertRefused(world, browser, await arrive(world, browser), FAILED);
    assert.equal(count('/jwks.json'), 1);
  });

  for (const seconds of [50, -50]) {
    test(`skew:${seconds}: signs in, within the 60 seconds that clocks may be apart`, async () => {
      await world.switchOn({ fault: `skew:${seconds}` });
      await signsIn();
      assert.equal(await world.hits(), 1);
    });
  }
});

describe('an answer at the callback that is wrong (login-proxy 4.4 and 4.6)', () => {
  for (const fault of ['bad-iss', 'no-iss']) {
    test(`${fault}: refused before the code goes anywhere (RFC 9207 2.4)`, async () => {
      const { tokenCalls } = await refusedThenIn([{ fault }], TOO_OLD);
      assert.equal(tokenCalls, 0);
    });
  }

  test('access_denied: a page that says so, with a way back, and no second attempt by itself', async () => {
    const { tokenCalls, page } = await refusedThenIn([{ fault: 'access_denied' }], CANCELLED);
    assert.equal(tokenCalls, 0);
    assert.match(page.html, /<a class="home" href="\/"/);
  });

  test('access_denied, bad-iss: an error of another issuer is no cancellation', async () => {
    await refusedThenIn([{ fault: 'access_denied' }, { fault: 'bad-iss' }], TOO_OLD);
  });
});

describe('a token endpoint in trouble when the code is redeemed (login-proxy 4.7)', () => {
  for (const fault of TROUBLES) {
    test(`${fault}: 503 and a page to try again from; the code is sent once`, async () => {
      const { page, tokenCalls } = await refusedThenIn([{ fault, endpoint: 'token' }], DOWN);
      assert.equal(tokenCalls, 1);
      assert.equal(page.headers.get('retry-after'), '5');
    });
  }

  test('slow-token: given up after ten seconds, and not asked again', async (t: TestContext) => {
    world.slow.rule(t);
    const { tokenCalls } = await refusedThenIn([{ fault: 'slow-token:10000', endpoint: 'token' }], DOWN);
    assert.equal(tokenCalls, 1);
  });

  test('slow-token:9000: waited for', async (t: TestContext) => {
    world.slow.rule(t);
    await world.switchOn({ fault: 'slow-token:9000' });
    await signsIn();
    assert.equal(await world.hits(), 1);
  });

  for (const fault of ['bad-sig', 'token-5xx', 'access_denied', 'no-iss']) {
    test(`${fault} at a second login: whoever was signed in is still`, async () => {
      const browser = world.browser();
      const first = tokenAt(await arrive(world, browser));
      await world.switchOn({ fault });
      const { status } = await browser.open(`${world.ingress}/oauth2/login`);
      assert.ok(status >= 400, `answered ${status}`);
      assert.equal(tokenAt(await arrive(world, browser)), first);
    });
  }
});

describe('a pushed request that finds ID-porten in trouble (login-proxy LG-2)', () => {
  for (const fault of ['html-500', 'reset', 'half-body']) {
    test(`${fault}: sent again with a fresh assertion, and nobody notices`, async () => {
      await world.switchOn({ fault, endpoint: 'par' });
      await signsIn();
      assert.equal(await world.hits(), 1);
      assert.equal(count('/par'), 2);
    });
  }
});

test('rotated-keys while the key document cannot be had: it is the provider that is down, and in at the next attempt', async () => {
  world.clock.now += DAY_SECONDS;
  await signsIn();
  await world.calm();
  await world.switchOn({ fault: 'rotated-keys' }, { fault: 'html-500', endpoint: 'jwks', times: 0 });
  const browser = world.browser();
  const page = await arrive(world, browser);
  await assertRefused(world, browser, page, DOWN);
  await world.calm();
  tokenAt(await tryAgain(world, browser, page));
});
