import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { World } from '../../src/login/testing/proxy.ts';
import { json } from '../../src/web/http.ts';
import { assertRefused, assertSignedIn, idTokenClaims, KEYS_COOLDOWN_SECONDS, makeKey } from './relying-party.ts';
import { publish, signIn, startParty, tokenBy } from './relying-party.ts';

/* The checks of the relying-party plans on metadata and keys (config), and what a party needs to run module after module. */

const [first, second, third, fourth] = await Promise.all([makeKey(), makeKey(), makeKey('RS256'), makeKey()]);

/** Signs the next ID token with this key. */
function signedBy(key: typeof first, header: Readonly<Record<string, unknown>> = {}): (world: World) => Promise<void> {
  return async (world) => {
    world.provider.bends.answer = { id_token: await tokenBy(key, idTokenClaims(world), header) };
  };
}

function keyCalls({ provider }: World): number {
  return provider.callsTo('jwks').length;
}

describe('metadata (OpenID Connect Discovery 1.0)', () => {
  for (const [what, metadata] of [
    ['an issuer that is not where it was read', { issuer: 'https://other.example.test' }],
    ['an issuer with a path more', { issuer: 'http://127.0.0.1/tenant' }],
    ['no issuer', { issuer: undefined }],
    ['no authorization endpoint', { authorization_endpoint: undefined }],
    ['no token endpoint', { token_endpoint: undefined }],
    ['no address of keys', { jwks_uri: undefined }],
    ['no algorithm but none', { id_token_signing_alg_values_supported: ['none'] }],
  ] as const satisfies readonly (readonly [string, Record<string, unknown>])[]) {
    test(`nobody is sent to a provider whose metadata has ${what}`, async (t) => {
      const world = await startParty(t);
      Object.assign(world.provider.bends.metadata, metadata);
      const answer = await signIn(world);
      await assertRefused(world, answer, 503);
      assert.equal(answer.headers.location, undefined);
    });
  }

  test('endpoints and keys are those the metadata names, wherever they are there', async (t) => {
    const world = await startParty(t);
    const moved = (name: string): string => `${world.provider.issuer}/${name}?version=2`;
    Object.assign(world.provider.bends.metadata, {
      authorization_endpoint: moved('authorize'),
      token_endpoint: moved('token'),
      jwks_uri: moved('jwks'),
      userinfo_endpoint: moved('userinfo'),
    });
    const start = await world.browser.visit('/oauth2/login');
    assert.equal(start.headers.location?.startsWith(`${moved('authorize')}&`), true);
    await assertSignedIn(world, await signIn(world));
    for (const endpoint of ['token', 'jwks', 'userinfo'])
      assert.equal(world.provider.callsTo(endpoint).length, 1, endpoint);
  });
});

describe('the key document', () => {
  test('is read once for many sign-ins', async (t) => {
    const world = await startParty(t);
    for (const _ of [1, 2, 3]) await assertSignedIn(world, await signIn(world));
    assert.equal(keyCalls(world), 1);
  });

  test('keys of other kinds and for other uses, and such as nobody can use, are passed over', async (t) => {
    const world = await startParty(t);
    const own = { ...first, d: undefined, use: 'sig' };
    const odd = [
      { kty: 'oct', k: 'AAAA', kid: 'secret' },
      { ...own, kid: 'encryption', use: 'enc' },
      { kty: 'unheard-of', kid: 'new' },
      { kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: 'short' },
      {},
    ];
    const answer = json(200, { keys: JSON.parse(JSON.stringify([...odd, own])) });
    world.provider.bends.instead.jwks = Array.from({ length: 4 }, () => answer);
    await assertSignedIn(world, await signIn(world, { forge: signedBy(first) }));
  });

  test('signing-key rotation: the new key is found by its name, the old one published or not', async (t) => {
    const world = await startParty(t);
    publish(world, first);
    await assertSignedIn(world, await signIn(world, { forge: signedBy(first) }));
    world.clock.seconds += KEYS_COOLDOWN_SECONDS;
    publish(world, second, first);
    await assertSignedIn(world, await signIn(world, { forge: signedBy(second) }));
    world.clock.seconds += KEYS_COOLDOWN_SECONDS;
    publish(world, third);
    await assertSignedIn(world, await signIn(world, { forge: signedBy(third) }));
    assert.equal(keyCalls(world), 3);
  });

  test('rotation just before signing: the key is published while the code is redeemed', async (t) => {
    const world = await startParty(t);
    publish(world, first);
    await assertSignedIn(world, await signIn(world, { forge: signedBy(first) }));
    world.clock.seconds += KEYS_COOLDOWN_SECONDS;
    const forge = async (): Promise<void> => {
      publish(world, second);
      await signedBy(second)(world);
    };
    await assertSignedIn(world, await signIn(world, { forge }));
  });

  test('rotation without names: a signature that no known key made leads to one look at the keys', async (t) => {
    const world = await startParty(t);
    publish(world, first);
    await assertSignedIn(world, await signIn(world, { forge: signedBy(first, { kid: undefined }) }));
    world.clock.seconds += KEYS_COOLDOWN_SECONDS;
    publish(world, second);
    await assertSignedIn(world, await signIn(world, { forge: signedBy(second, { kid: undefined }) }));
    assert.equal(keyCalls(world), 2);
  });

  test('a key taken away signs nobody in once the keys were read again', async (t) => {
    const world = await startParty(t);
    publish(world, first);
    await assertSignedIn(world, await signIn(world, { forge: signedBy(first) }));
    world.clock.seconds += KEYS_COOLDOWN_SECONDS;
    publish(world, second);
    const browser = world.newBrowser();
    assert.equal((await signIn(world, { browser, forge: signedBy(second) })).status, 302);
    const stale = await signIn(world, { browser: world.newBrowser(), forge: signedBy(first) });
    assert.equal(stale.status, 500);
  });

  test('module after module with keys of its own under one issuer, refused ones among them, without a restart', async (t) => {
    const world = await startParty(t);
    const outcomes: string[] = [];
    for (const [key, header, published] of [
      [first, {}, [first]],
      [second, {}, [first]],
      [second, { kid: undefined }, [second]],
      [third, {}, [third, first]],
      [fourth, { kid: undefined }, [third, first]],
      [fourth, {}, [third]],
      [second, {}, [second]],
    ] as const) {
      world.clock.seconds += KEYS_COOLDOWN_SECONDS;
      publish(world, ...published);
      const answer = await signIn(world, { browser: world.newBrowser(), forge: signedBy(key, header) });
      outcomes.push(answer.status === 302 ? 'in' : 'out');
    }
    assert.deepEqual(outcomes, ['in', 'out', 'in', 'in', 'out', 'out', 'in']);
  });
});
