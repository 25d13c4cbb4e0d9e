import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { TestContext } from 'node:test';
import { signBytes } from '../../src/oauth/algorithms.ts';
import { encodeBase64Url } from '../../src/oauth/base64url.ts';
import { generatePrivateJwk, importSigningKey, publicJwk } from '../../src/oauth/jwk.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';
import type { TestBrowser } from '../../src/login/testing/browser.ts';
import { startWorld } from '../../src/login/testing/proxy.ts';
import type { World } from '../../src/login/testing/proxy.ts';
import { json } from '../../src/web/http.ts';

/* Our login proxy as a relying party of a provider that does what a row says. */

/** Seconds since the epoch at which every world starts. */
export const NOW = 1_800_000_000;
/** After so many seconds the key document may be asked for again. */
export const KEYS_COOLDOWN_SECONDS = 6;

export type Answer = Awaited<ReturnType<TestBrowser['ask']>>;

/** A relying party with UserInfo, at a provider of no special kind. */
export async function startParty(t: TestContext, env: Readonly<Record<string, string>> = {}): Promise<World> {
  const world = await startWorld(t, {
    env: {
      FULLMAKT_LOGIN_PROVIDER: 'openid',
      FULLMAKT_LOGIN_OPENID_USERINFO: 'true',
      FULLMAKT_LOGIN_OPENID_SCOPES: 'profile,email',
      FULLMAKT_LOGIN_RATELIMIT_ENABLED: 'false',
      ...env,
    },
  });
  world.provider.bends.metadata = { id_token_signing_alg_values_supported: ALGORITHMS };
  return world;
}

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;

/** Goes to the provider and comes back; `forge` runs when the provider knows what it was asked, before anything is answered. */
export async function signIn(
  world: World,
  { browser = world.browser, forge }: { browser?: TestBrowser; forge?: (world: World) => unknown } = {},
): Promise<Answer> {
  const start = await browser.visit('/oauth2/login?redirect=/here');
  if (start.status !== 302) return start;
  const callback = await world.provider.authorize(start.headers.location ?? '');
  await forge?.(world);
  return browser.visit(callback);
}

/** Whether this browser has a session. */
export async function hasSession(browser: TestBrowser): Promise<boolean> {
  const { status } = await browser.ask('/oauth2/session');
  assert.ok([200, 401].includes(status), `/oauth2/session answered ${status}`);
  return status === 200;
}

/** Signed in, where the person wanted to be, and the application gets the token. */
export async function assertSignedIn(world: World, answer: Answer): Promise<void> {
  assert.deepEqual([answer.status, answer.headers.location], [302, '/here'], answer.body);
  assert.equal(await hasSession(world.browser), true);
  const page = await world.browser.visit('/here');
  assert.match(page.body, /"authorization":"Bearer /);
}

/** A page with this status and no session, and the application has seen nobody. */
export async function assertRefused(world: World, answer: Answer, status: number): Promise<void> {
  assert.equal(answer.status, status, answer.body);
  assert.match(answer.headers['content-type'] ?? '', /^text\/html/);
  assert.equal(await hasSession(world.browser), false);
  assert.equal(world.seen.length, 0);
}

/** The claims of an ID token that is right for the request before it, with these in their place; undefined removes one. */
export function idTokenClaims(
  { provider, clock }: World,
  change: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const [iat, nonce] = [clock.seconds, provider.lastRequest().get('nonce')];
  return { iss: provider.issuer, sub: 'user-1', aud: 'client-1', iat, exp: iat + 120, nonce, sid: 'sid-1', ...change };
}

let made = 0;

/** A key of the provider. */
export function makeKey(alg: (typeof ALGORITHMS)[number] = 'ES256'): Promise<PrivateJwk> {
  return generatePrivateJwk(alg, `key-${(made += 1)}`);
}

/** The key document from now on. */
export function publish({ provider }: World, ...keys: readonly PrivateJwk[]): void {
  const answer = json(200, { keys: keys.map((each) => ({ ...publicJwk(each), use: 'sig' })) });
  provider.bends.instead.jwks = Array.from({ length: 8 }, () => answer);
}

/** A token signed by this key, under its name unless the header says otherwise; undefined removes a member. */
export async function tokenBy(
  key: PrivateJwk,
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const signing = importSigningKey(key);
  const parts = [{ typ: 'JWT', alg: signing.alg, kid: key.kid, ...header }, claims];
  const input = parts.map((part) => encodeBase64Url(Buffer.from(JSON.stringify(part)))).join('.');
  return `${input}.${encodeBase64Url(await signBytes(signing.alg, signing.key, Buffer.from(input, 'latin1')))}`;
}

/** Half of a token's hash, as `at_hash` has it for algorithms with SHA-256 (OpenID Connect Core 1.0 3.1.3.6). */
export function halfHash(token: string): string {
  return createHash('sha256').update(token).digest().subarray(0, 16).toString('base64url');
}
