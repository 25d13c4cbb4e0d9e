import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import type { WrongSigning } from '../../src/login/testing/provider-signing.ts';
import type { World } from '../../src/login/testing/proxy.ts';
import { hasSession, makeKey, NOW, publish, signIn, startParty, tokenBy } from './relying-party.ts';
import type { Answer } from './relying-party.ts';

/* The checks of the relying-party plans on back-channel logout, one logout token a row. */

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const es256 = await makeKey('ES256');

async function signedIn(t: TestContext): Promise<World> {
  const world = await startParty(t);
  assert.equal((await signIn(world)).status, 302);
  return world;
}

/** A logout token of a row. */
interface LogoutRow {
  readonly what: string;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly signing?: WrongSigning;
}

function logoutClaims({ provider, clock }: World): Record<string, unknown> {
  const iat = clock.seconds;
  const jti = randomUUID();
  return {
    iss: provider.issuer,
    aud: 'client-1',
    iat,
    exp: iat + 120,
    jti,
    sid: 'sid-1',
    sub: 'user-1',
    events: { [EVENT]: {} },
  };
}

function mint(world: World, { claims, header, signing }: LogoutRow): Promise<string> {
  return world.provider.mint({ typ: 'JWT', ...header }, { ...logoutClaims(world), ...claims }, signing);
}

function tell(world: World, token: string, more: readonly (readonly [string, string])[] = []): Promise<Answer> {
  const body = new URLSearchParams([['logout_token', token], ...more.map(([name, value]) => [name, value])]).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return world.newBrowser().ask('/oauth2/logout/backchannel', { method: 'POST', headers, body });
}

const GOOD: readonly LogoutRow[] = [
  { what: 'sid and sub' },
  { what: 'sid alone', claims: { sub: undefined } },
  { what: 'sub alone', claims: { sid: undefined } },
  { what: 'no exp', claims: { exp: undefined } },
  { what: 'the audience as a list', claims: { aud: ['client-1'] } },
  { what: 'the type logout+jwt', header: { typ: 'logout+jwt' } },
  { what: 'no type', header: { typ: undefined } },
  { what: 'a member in the event', claims: { events: { [EVENT]: { note: 1 } } } },
  { what: 'a second event', claims: { events: { [EVENT]: {}, 'https://other.example.test/event': {} } } },
];

const BAD: readonly LogoutRow[] = [
  { what: 'alg none', signing: 'none' },
  { what: 'HS256 with the public key as the secret', signing: 'HS256' },
  { what: 'a signature by somebody else', signing: 'stranger' },
  { what: 'a kid that is not published', signing: 'unknown-kid' },
  { what: 'no events', claims: { events: undefined } },
  { what: 'another event', claims: { events: { 'https://other.example.test/event': {} } } },
  { what: 'the event as text', claims: { events: EVENT } },
  { what: 'the event as a list', claims: { events: [EVENT] } },
  { what: 'the event with true for a value', claims: { events: { [EVENT]: true } } },
  { what: 'the audience of another client', claims: { aud: 'client-2' } },
  { what: 'no audience', claims: { aud: undefined } },
  { what: 'another issuer', claims: { iss: 'https://other.example.test' } },
  { what: 'no issuer', claims: { iss: undefined } },
  { what: 'a nonce', claims: { nonce: 'n' } },
  { what: 'no iat', claims: { iat: undefined } },
  { what: 'an iat of ten minutes ago', claims: { iat: NOW - 600 } },
  { what: 'an iat to come', claims: { iat: NOW + 600 } },
  { what: 'an exp in the past', claims: { exp: NOW - 120 } },
  { what: 'no jti', claims: { jti: undefined } },
  { what: 'neither sid nor sub', claims: { sid: undefined, sub: undefined } },
  { what: 'the type of an access token', header: { typ: 'at+jwt' } },
];

describe('back-channel logout (OpenID Connect Back-Channel Logout 1.0)', () => {
  for (const row of GOOD) {
    test(`ends the session: ${row.what}`, async (t) => {
      const world = await signedIn(t);
      const answer = await tell(world, await mint(world, row));
      assert.deepEqual([answer.status, answer.body, answer.headers['cache-control']], [200, '', 'no-store']);
      assert.equal(await hasSession(world.browser), false);
    });
  }

  for (const row of BAD) {
    test(`refused: ${row.what}`, async (t) => {
      const world = await signedIn(t);
      const answer = await tell(world, await mint(world, row));
      assert.deepEqual([answer.status, JSON.parse(answer.body)], [400, { error: 'invalid_request' }]);
      assert.equal(await hasSession(world.browser), true);
    });
  }

  test('refused: an algorithm the provider does not sign with', async (t) => {
    const world = await startParty(t);
    world.provider.bends.metadata = { id_token_signing_alg_values_supported: ['RS256'] };
    await signIn(world);
    publish(world, es256);
    world.clock.seconds += 61;
    const answer = await tell(world, await tokenBy(es256, logoutClaims(world)));
    assert.equal(answer.status, 400);
    assert.equal(await hasSession(world.browser), true);
  });

  test('refused: the ID token of the sign-in', async (t) => {
    const world = await signedIn(t);
    const idToken = { ...logoutClaims(world), events: undefined, nonce: 'n', jti: undefined };
    assert.equal((await tell(world, await mint(world, { what: '', claims: idToken }))).status, 400);
    assert.equal(await hasSession(world.browser), true);
  });

  test('refused: the same token again, and it ends no later sign-in', async (t) => {
    const world = await signedIn(t);
    const token = await mint(world, { what: '', claims: { sid: undefined } });
    assert.equal((await tell(world, token)).status, 200);
    world.clock.seconds += 1;
    world.provider.bends.idToken = { sid: 'sid-2' };
    await signIn(world);
    assert.equal((await tell(world, token)).status, 400);
    assert.equal(await hasSession(world.browser), true);
  });

  test('refused: the field twice, none, or in the address', async (t) => {
    const world = await signedIn(t);
    const token = await mint(world, { what: '' });
    const { status: twice } = await tell(world, token, [['logout_token', token]]);
    const { status: none } = await tell(world, '');
    const path = `/oauth2/logout/backchannel?logout_token=${token}`;
    const { status: asked } = await world.newBrowser().ask(path, { method: 'POST' });
    const { status: got } = await world.newBrowser().ask(path);
    assert.deepEqual([twice, none, asked, got], [400, 400, 400, 405]);
    assert.equal(await hasSession(world.browser), true);
  });

  test('a sign-in at another sid of the same person goes on; a token for the sub ends that too', async (t) => {
    const world = await signedIn(t);
    const second = world.newBrowser();
    world.provider.bends.idToken = { sid: 'sid-2' };
    await signIn(world, { browser: second });
    assert.equal((await tell(world, await mint(world, { what: '' }))).status, 200);
    assert.deepEqual([await hasSession(world.browser), await hasSession(second)], [false, true]);
    await tell(world, await mint(world, { what: '', claims: { sid: undefined } }));
    assert.equal(await hasSession(second), false);
  });
});
