import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertionOf } from '../../src/login/testing/provider.ts';
import { json } from '../../src/web/http.ts';
import type { HttpResponse } from '../../src/web/http.ts';
import { assertRefused, assertSignedIn, NOW, signIn, startParty } from './relying-party.ts';

/* What the client plans of FAPI 2.0 add that is ours: pushed requests, assertions, and answers at the redirect address. */

describe('the answer at the redirect address (RFC 6749 4.1.2, RFC 9207)', () => {
  for (const [what, callback, status] of [
    ['no state', { state: undefined }, 400],
    ['another state', { state: 'another' }, 400],
    ['no iss, which the metadata promises', { iss: undefined }, 400],
    ['iss of another provider', { iss: 'https://other.example.test' }, 400],
    ['iss with a slash at its end', { iss: 'slash' }, 400],
    ['no code', { code: undefined }, 400],
    ['an error of another issuer', { code: undefined, error: 'access_denied', iss: 'https://other.example.test' }, 400],
    ['the person cancelled', { code: undefined, error: 'access_denied' }, 403],
    ['the request was refused', { code: undefined, error: 'invalid_request' }, 500],
    ['the provider is busy', { code: undefined, error: 'temporarily_unavailable' }, 503],
    ['a code beside an error', { error: 'server_error' }, 503],
  ] as const satisfies readonly (readonly [string, Record<string, string | undefined>, number])[]) {
    test(`${what}: no code goes anywhere, and nobody is signed in`, async (t) => {
      const world = await startParty(t);
      const isSlash = 'iss' in callback && callback.iss === 'slash';
      world.provider.bends.callback = isSlash ? { iss: `${world.provider.issuer}/` } : callback;
      await assertRefused(world, await signIn(world), status);
      assert.equal(world.provider.callsTo('token').length, 0);
    });
  }

  test('an answer to another browser’s request signs nobody in', async (t) => {
    const world = await startParty(t);
    const theirs = await world.newBrowser().visit('/oauth2/login');
    const callback = await world.provider.authorize(theirs.headers.location ?? '');
    const answer = await world.browser.visit(callback);
    assert.equal(answer.status, 302, 'a sign-in of one’s own begins');
    assert.ok(answer.headers.location?.startsWith(`${world.provider.issuer}/authorize`));
    assert.equal(world.provider.callsTo('token').length, 0);
    assert.equal((await world.browser.ask('/oauth2/session')).status, 401);
  });
});

describe('the pushed request (RFC 9126)', () => {
  test('all of it is pushed, and the browser carries the client and a reference only', async (t) => {
    const world = await startParty(t);
    const start = await world.browser.visit('/oauth2/login');
    const { searchParams } = new URL(start.headers.location ?? '');
    assert.deepEqual([...searchParams.keys()].toSorted(), ['client_id', 'request_uri']);
    const [call] = world.provider.callsTo('par');
    for (const name of ['redirect_uri', 'state', 'nonce', 'code_challenge', 'client_assertion'])
      assert.notEqual(call?.form?.get(name), undefined, name);
    assert.equal(call?.form?.get('request_uri'), undefined);
  });

  test('the assertion names the issuer as one text, lives half a minute, and is never used twice', async (t) => {
    const world = await startParty(t);
    await assertSignedIn(world, await signIn(world));
    const calls = [...world.provider.callsTo('par'), ...world.provider.callsTo('token')];
    const assertions = calls.map(assertionOf);
    assert.equal(assertions.length, 2);
    for (const { iss, sub, aud, iat, nbf, exp } of assertions)
      assert.deepEqual(
        { iss, sub, aud, iat, nbf, exp },
        { iss: 'client-1', sub: 'client-1', aud: world.provider.issuer, iat: NOW, nbf: NOW, exp: NOW + 30 },
      );
    assert.equal(new Set(assertions.map(({ jti }) => jti)).size, 2);
  });

  for (const [what, answer, status] of [
    ['refused', json(400, { error: 'invalid_request' }), 500],
    ['refused for the client', json(401, { error: 'invalid_client' }), 500],
    ['answered without a reference', json(201, { expires_in: 60 }), 500],
    ['answered with something else than JSON', { status: 201, body: Buffer.from('<p>') }, 500],
  ] as const satisfies readonly (readonly [string, HttpResponse, number])[]) {
    test(`${what}: a page, and the browser is sent nowhere`, async (t) => {
      const world = await startParty(t);
      world.provider.bends.instead.par = Array.from({ length: 9 }, () => answer);
      const start = await signIn(world);
      await assertRefused(world, start, status);
      assert.equal(start.headers.location, undefined);
    });
  }
});

describe('the token answer (RFC 6749 5.1)', () => {
  for (const [what, answer] of [
    ['no access token', { access_token: undefined }],
    ['an access token that is no text', { access_token: ['a'] }],
    ['no type', { token_type: undefined }],
    ['a type we cannot use', { token_type: 'mac' }],
    ['no lifetime', { expires_in: undefined }],
    ['a lifetime below zero', { expires_in: -1 }],
    ['a lifetime that is no number', { expires_in: 'soon' }],
  ] as const satisfies readonly (readonly [string, Record<string, unknown>])[]) {
    test(`${what}: nobody is signed in`, async (t) => {
      const world = await startParty(t);
      world.provider.bends.answer = answer;
      await assertRefused(world, await signIn(world), 500);
    });
  }

  test('the type in other letters is the same type', async (t) => {
    const world = await startParty(t);
    world.provider.bends.answer = { token_type: 'bEaReR' };
    await assertSignedIn(world, await signIn(world));
  });
});
