import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { World } from '../../src/login/testing/proxy.ts';
import { empty, json } from '../../src/web/http.ts';
import { assertRefused, assertSignedIn, halfHash, idTokenClaims, makeKey, NOW } from './relying-party.ts';
import { publish, signIn, startParty, tokenBy } from './relying-party.ts';

/* The distinct checks of the OpenID Foundation's relying-party plans (basic, and what the full plan adds), one row each. */

/** What the provider does, what is expected, and with which settings. */
interface Check {
  readonly what: string;
  readonly bend?: (world: World) => void;
  readonly forge?: (world: World) => unknown;
  /** `in`, or the status of the page. */
  readonly expected: 'in' | 400 | 500 | 503;
  readonly env?: Readonly<Record<string, string>>;
  /** What else has to be so. */
  readonly also?: (world: World) => void;
}

const [one, other, stranger, rsa, pss, ed] = await Promise.all([
  makeKey('ES256'),
  makeKey('ES256'),
  makeKey('ES256'),
  makeKey('RS256'),
  makeKey('PS256'),
  makeKey('EdDSA'),
]);

const claims = (idToken: Record<string, unknown>): Pick<Check, 'bend'> => ({
  bend: ({ provider }) => void (provider.bends.idToken = idToken),
});
const userinfo = (...answers: readonly ReturnType<typeof json>[]): Pick<Check, 'bend'> => ({
  bend: ({ provider }) => void (provider.bends.instead.userinfo = [...answers]),
});
const signing = (how: World['provider']['bends']['signing']): Pick<Check, 'bend'> => ({
  bend: ({ provider }) => void (provider.bends.signing = how),
});
/** Published keys, and the one that signs with these changes to its header. */
const keys = (
  [signs, ...rest]: readonly [typeof one, ...(typeof one)[]],
  header: Readonly<Record<string, unknown>> = {},
): Pick<Check, 'bend' | 'forge'> => ({
  bend: (world) => publish(world, ...rest),
  forge: async (world) => {
    world.provider.bends.answer = { id_token: await tokenBy(signs, idTokenClaims(world), header) };
  },
});

const POSITIVE: readonly Check[] = [
  {
    what: 'a code, with state, nonce and PKCE, and UserInfo about the same person',
    expected: 'in',
    also: ({ provider }) => {
      const request = provider.lastRequest();
      assert.equal(request.get('response_type'), 'code');
      assert.equal(request.get('code_challenge_method'), 'S256');
      for (const name of ['state', 'nonce', 'code_challenge']) assert.ok((request.get(name) ?? '').length >= 16, name);
      assert.equal(provider.callsTo('userinfo').length, 1);
    },
  },
  {
    what: 'configured scopes are asked for beside openid',
    expected: 'in',
    also: ({ provider }) => {
      const scopes = provider.lastRequest().get('scope')?.split(' ') ?? [];
      assert.deepEqual(scopes.toSorted(), ['email', 'openid', 'profile']);
    },
  },
  {
    what: 'UserInfo is asked by GET with the access token in the header, never in the address',
    expected: 'in',
    also: ({ provider }) => {
      const [call] = provider.callsTo('userinfo');
      assert.match(call?.headers.authorization ?? '', /^Bearer access-/);
      assert.equal(call?.form, undefined);
    },
  },
  {
    what: 'client_secret_basic: the secret in the header, encoded no more than a form is, and not in the body',
    expected: 'in',
    env: { FULLMAKT_LOGIN_OPENID_CLIENT_JWK: '', FULLMAKT_LOGIN_OPENID_CLIENT_SECRET: 'a:b/c+d e%' },
    bend: ({ provider }) =>
      void Object.assign(provider.bends.metadata, { token_endpoint_auth_methods_supported: ['client_secret_basic'] }),
    also: ({ provider }) => {
      const [call] = provider.callsTo('token');
      const text = Buffer.from(call?.headers.authorization?.slice('Basic '.length) ?? '', 'base64').toString();
      assert.equal(text, 'client-1:a%3Ab%2Fc%2Bd+e%25');
      assert.equal(call?.form?.get('client_secret'), undefined);
    },
  },
  {
    what: 'client_secret_post: the secret in the body, and no header',
    expected: 'in',
    env: { FULLMAKT_LOGIN_OPENID_CLIENT_JWK: '', FULLMAKT_LOGIN_OPENID_CLIENT_SECRET: 'a:b/c+d e%' },
    bend: ({ provider }) =>
      void Object.assign(provider.bends.metadata, { token_endpoint_auth_methods_supported: ['client_secret_post'] }),
    also: ({ provider }) => {
      const [call] = provider.callsTo('token');
      assert.equal(call?.form?.get('client_secret'), 'a:b/c+d e%');
      assert.equal(call?.headers.authorization, undefined);
    },
  },
  { what: 'an ID token signed with RS256', ...keys([rsa, rsa]), expected: 'in' },
  { what: 'an ID token signed with PS256', ...keys([pss, pss]), expected: 'in' },
  { what: 'an ID token signed with ES256', ...keys([one, one]), expected: 'in' },
  { what: 'an ID token signed with EdDSA', ...keys([ed, ed]), expected: 'in' },
  { what: 'no kid, and one key is published', ...keys([one, one], { kid: undefined }), expected: 'in' },
  {
    what: 'no kid, several keys are published, one of them made the signature',
    ...keys([one, rsa, other, one], { kid: undefined }),
    expected: 'in',
  },
  {
    what: 'an at_hash that is the access token’s',
    bend: ({ provider }) => {
      provider.bends.answer = { access_token: 'access-known' };
      provider.bends.idToken = { at_hash: halfHash('access-known') };
    },
    expected: 'in',
  },
  { what: 'our azp', ...claims({ azp: 'client-1' }), expected: 'in' },
  { what: 'the audience as a list of one', ...claims({ aud: ['client-1'] }), expected: 'in' },
  { what: 'claims nobody asked for', ...claims({ name: 'Kari', extra: { deep: [1] } }), expected: 'in' },
];

const WRONG_CLAIMS: readonly Check[] = [
  { what: 'iss of another issuer', ...claims({ iss: 'https://other.example.test' }), expected: 500 },
  { what: 'iss with a slash more', ...claims({ iss: 'http://127.0.0.1/' }), expected: 500 },
  { what: 'no iss', ...claims({ iss: undefined }), expected: 500 },
  { what: 'no sub', ...claims({ sub: undefined }), expected: 500 },
  { what: 'an empty sub', ...claims({ sub: '' }), expected: 500 },
  { what: 'aud of another client', ...claims({ aud: 'client-2' }), expected: 500 },
  { what: 'no aud', ...claims({ aud: undefined }), expected: 500 },
  {
    what: 'a second audience nobody trusts',
    ...claims({ aud: ['client-1', 'client-2'], azp: 'client-1' }),
    expected: 500,
  },
  { what: 'azp of another client', ...claims({ azp: 'client-2' }), expected: 500 },
  { what: 'no iat', ...claims({ iat: undefined }), expected: 500 },
  { what: 'iat as text', ...claims({ iat: String(NOW) }), expected: 500 },
  { what: 'no exp', ...claims({ exp: undefined }), expected: 500 },
  { what: 'exp in the past', ...claims({ iat: NOW - 600, exp: NOW - 300 }), expected: 500 },
  { what: 'iat to come', ...claims({ iat: NOW + 600, exp: NOW + 900 }), expected: 500 },
  { what: 'another nonce', ...claims({ nonce: 'another' }), expected: 500 },
  { what: 'no nonce', ...claims({ nonce: undefined }), expected: 500 },
  { what: 'at_hash of another token', ...claims({ at_hash: halfHash('other') }), expected: 500 },
  { what: 'an empty at_hash', ...claims({ at_hash: '' }), expected: 500 },
];

const WRONG_SIGNATURES: readonly Check[] = [
  { what: 'alg none', ...signing('none'), expected: 500 },
  { what: 'HS256 with the public key as the secret', ...signing('HS256'), expected: 500 },
  { what: 'RS256 by somebody else, under the name of a published key', ...signing('stranger'), expected: 500 },
  {
    what: 'ES256 by somebody else, under the name of a published key',
    ...keys([stranger, one], { kid: one.kid }),
    expected: 500,
  },
  { what: 'a kid that is not published', ...keys([stranger, one]), expected: 500 },
  {
    what: 'no kid, and none of the published keys made it',
    ...keys([stranger, one, other], { kid: undefined }),
    expected: 500,
  },
  { what: 'a key that comes along in the header', ...keys([stranger, one], { jwk: { kty: 'EC' } }), expected: 500 },
  { what: 'a critical header nobody knows', ...keys([one, one], { crit: ['x'], x: 1 }), expected: 500 },
  { what: 'alg that is not that of the key', ...keys([one, one], { alg: 'RS256' }), expected: 500 },
  { what: 'a type that is not an ID token’s', ...keys([one, one], { typ: 'logout+jwt' }), expected: 500 },
  {
    what: 'an algorithm the metadata does not list',
    ...keys([ed, ed]),
    bend: (world) => {
      publish(world, ed);
      world.provider.bends.metadata = { id_token_signing_alg_values_supported: ['RS256'] };
    },
    expected: 500,
  },
  {
    what: 'one character of the payload changed after signing',
    bend: (world) => publish(world, one),
    forge: async (world) => {
      const [head, body = '', tail] = (await tokenBy(one, idTokenClaims(world))).split('.');
      const text = Buffer.from(body, 'base64url').toString().replace('user-1', 'user-2');
      world.provider.bends.answer = { id_token: [head, Buffer.from(text).toString('base64url'), tail].join('.') };
    },
    expected: 500,
  },
  {
    what: 'no ID token',
    bend: ({ provider }) => void (provider.bends.answer = { id_token: undefined }),
    expected: 500,
  },
];

const WRONG_USERINFO: readonly Check[] = [
  { what: 'a sub of another person', ...userinfo(json(200, { sub: 'user-2' })), expected: 500 },
  { what: 'no sub', ...userinfo(json(200, { name: 'Kari' })), expected: 500 },
  { what: 'a sub that is no text', ...userinfo(json(200, { sub: ['user-1'] })), expected: 500 },
  {
    what: 'no JSON',
    ...userinfo({ status: 200, headers: { 'Content-Type': 'text/html' }, body: Buffer.from('<p>') }),
    expected: 500,
  },
  { what: 'the token refused', ...userinfo(json(401, { error: 'invalid_token' })), expected: 500 },
  { what: 'an empty answer', ...userinfo(empty(200)), expected: 500 },
];

const ALL: readonly (readonly [string, readonly Check[]])[] = [
  ['signs in', POSITIVE],
  ['ID token refused', WRONG_CLAIMS],
  ['ID token refused', WRONG_SIGNATURES],
  ['UserInfo refused', WRONG_USERINFO],
];

describe('a relying party at a provider that answers', () => {
  for (const [group, checks] of ALL) {
    for (const { what, bend, forge, expected, env, also } of checks) {
      test(`${group}: ${what}`, async (t) => {
        const world = await startParty(t, env);
        bend?.(world);
        const answer = await signIn(world, forge === undefined ? {} : { forge });
        if (expected === 'in') await assertSignedIn(world, answer);
        else await assertRefused(world, answer, expected);
        also?.(world);
        assert.equal(world.provider.callsTo('token').length, 1, 'the code is redeemed once');
      });
    }
  }
});
