import assert from 'node:assert/strict';
import test from 'node:test';
import type { TestContext } from 'node:test';
import { setImmediate as immediate } from 'node:timers/promises';
import { publicJwk } from '../../oauth/jwk.ts';
import { fromEnv } from '../index.ts';
import type { SdkEvent } from '../index.ts';
import { CLAIMS, ENV, makeKeys, mint, START } from '../testing/fixtures.ts';

const keys = await makeKeys();
const ISSUER = String(ENV['TOKEN_X_ISSUER']);
const METADATA = '/.well-known/oauth-authorization-server';
const DAY = 86_400;
const ENVIRONMENT = {
  TOKEN_X_CLIENT_ID: ENV['TOKEN_X_CLIENT_ID'],
  TOKEN_X_ISSUER: ISSUER,
  TOKEN_X_WELL_KNOWN_URL: `${ISSUER}${METADATA}`,
};

/** A provider that is found by its metadata, as its test wants it. */
interface Discovered {
  readonly provider: { metadata: { readonly issuer: string; readonly jwks_uri: string } | 'down'; now: number };
  /** What was asked since this was read last, once so many key sets have come in all. */
  readonly takeAsked: (sets?: number) => Promise<readonly string[]>;
  /** The verdict on a token that is good now. */
  readonly judge: () => Promise<string>;
}

function discover(t: TestContext, jwksUri: string = `${ISSUER}/jwks`): Discovered {
  const provider: Discovered['provider'] = { metadata: { issuer: ISSUER, jwks_uri: jwksUri }, now: START };
  const asked: string[] = [];
  const fetch: typeof globalThis.fetch = async (input) => {
    const { url } = new Request(input);
    asked.push(url.replace(ISSUER, ''));
    if (!url.includes('/.well-known/')) return Response.json({ keys: [publicJwk(keys.issuerJwk)] });
    return provider.metadata === 'down' ? new Response('', { status: 404 }) : Response.json(provider.metadata);
  };
  const seen = { sets: 0 };
  const onEvent = ({ event }: SdkEvent): void => {
    if (event === 'keys.fetched') seen.sets += 1;
  };
  const auth = fromEnv({ env: ENVIRONMENT, fetch, clock: () => provider.now, onEvent });
  t.after(() => auth.close());
  return {
    provider,
    async takeAsked(least = 0) {
      while (seen.sets < least) await immediate();
      return asked.splice(0);
    },
    async judge() {
      const { now } = provider;
      const claims = { ...CLAIMS['tokenx-user'], iat: now, nbf: now, exp: now + 60 };
      const outcome = await auth.validate(await mint(claims, keys.issuer));
      return outcome.ok ? 'accepted' : outcome.error.code;
    },
  };
}

test('metadata is read once a day, and then says where the keys are now (2.5)', async (t) => {
  const { provider, takeAsked, judge } = discover(t);
  assert.equal(await judge(), 'accepted');
  assert.deepEqual(await takeAsked(1), [METADATA, '/jwks']);
  provider.metadata = { issuer: ISSUER, jwks_uri: `${ISSUER}/moved` };
  provider.now += DAY - 1;
  assert.equal(await judge(), 'accepted');
  assert.deepEqual(await takeAsked(2), ['/jwks'], 'the set is old, its address is not');
  provider.now += DAY;
  assert.equal(await judge(), 'accepted');
  assert.deepEqual(await takeAsked(), [METADATA, '/moved']);
});

test('metadata that cannot be had any more does not take the keys with it (2.5)', async (t) => {
  const { provider, takeAsked, judge } = discover(t);
  assert.equal(await judge(), 'accepted');
  await takeAsked();
  provider.metadata = 'down';
  provider.now += 2 * DAY;
  assert.equal(await judge(), 'accepted');
  assert.deepEqual(await takeAsked(), [METADATA, '/jwks']);
});

test('metadata that speaks for another issuer, or names keys where we may not go, gives none (2.4, 2.5)', async (t) => {
  const other = discover(t);
  other.provider.metadata = { issuer: `${ISSUER}/`, jwks_uri: `${ISSUER}/jwks` };
  assert.equal(await other.judge(), 'keys_unavailable');
  for (const elsewhere of [
    'http://tokenx.example/jwks',
    'https://localhost/jwks',
    'https://keys.fullmakt-local/jwks',
  ]) {
    const it = discover(t, elsewhere);
    assert.equal(await it.judge(), 'keys_unavailable');
    assert.deepEqual(await it.takeAsked(), [METADATA], elsewhere);
  }
});

test('metadata and keys of which nothing comes for 5 s are given up (2.5)', async (t) => {
  const timers = t.mock.method(globalThis, 'setTimeout').mock;
  assert.equal(await discover(t).judge(), 'accepted');
  assert.deepEqual(
    timers.calls.map((call) => call.arguments[1]).filter((milliseconds) => Number(milliseconds) >= 5000),
    [5000, 5000],
  );
});
