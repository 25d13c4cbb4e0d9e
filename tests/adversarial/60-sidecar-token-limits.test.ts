import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { publicJwk } from '../../src/oauth/jwk.ts';
import { create } from '../../src/sdk/index.ts';
import { START, startSidecar, testEnv } from '../../src/sidecar/testing/sidecar.ts';
import { serve } from '../../src/web/serve.ts';
import { openBoth } from './60-sidecar-world.ts';
import { padTo } from './pad-to.ts';
import { wholeFile } from './whole-file.ts';

/* Every limit of tokens, and of what proves them, that the sidecar and the library have: at the limit, and one over. */

const KIB = 1024;
const { keys, sidecar, auth, claims: CLAIMS, signed: sign } = await openBoth(wholeFile());

const signed = (header: object, claims: object): string =>
  sign(JSON.stringify(claims), JSON.stringify({ alg: 'RS256', kid: 'issuer-key', ...header }));

async function judge(token: string): Promise<readonly [boolean, string]> {
  const answer = await sidecar.post('/introspect', { identity_provider: 'tokenx', token });
  const verdict = await auth.validate(token);
  return [(await answer.text()).startsWith('{"active":true'), verdict.ok ? 'accepted' : verdict.error.code];
}

/** A token of exactly this length: not every one can be had by its claims alone. */
function tokenOf(length: number): string {
  for (const x of ['', 'a', 'aa', 'aaa']) {
    const least = Math.floor(((length - signed({ x: '' }, { ...CLAIMS, x }).length) * 3) / 4);
    for (let pad = least - 2; pad < least + 4; pad += 1) {
      const token = signed({ x: 'a'.repeat(pad) }, { ...CLAIMS, x });
      if (token.length === length) return token;
    }
  }
  throw new Error('no such length');
}

test('T60 B6 sidecar and SDK: a token of 16 KiB is judged, a longer one refused', async () => {
  assert.deepEqual(await judge(tokenOf(16 * KIB)), [true, 'accepted']);
  assert.deepEqual(await judge(tokenOf(16 * KIB + 1)), [false, 'token_too_large']);
});

test('T60 B6 sidecar and SDK: 16 levels in a token are read, 17 are not; the name of its key has 256 characters at most', async () => {
  const nest = (levels: number): unknown => (levels === 0 ? 1 : [nest(levels - 1)]);
  assert.deepEqual(await judge(signed({}, { ...CLAIMS, x: nest(15) })), [true, 'accepted']);
  assert.deepEqual(await judge(signed({}, { ...CLAIMS, x: nest(16) })), [false, 'token_malformed']);
  // A name that nothing has is another fault than one that cannot be a name.
  assert.deepEqual(await judge(signed({ kid: 'k'.repeat(256) }, CLAIMS)), [false, 'key_unknown']);
  assert.notEqual((await judge(signed({ kid: 'k'.repeat(257) }, CLAIMS)))[1], 'key_unknown');
});

/** Whether a sidecar and the library come to keys by such documents. */
async function load(
  t: TestContext,
  {
    jwks = JSON.stringify({ keys: [publicJwk(keys.issuerJwk)] }),
    metadata,
  }: { jwks?: string; metadata?: (origin: string) => string },
): Promise<readonly [boolean, boolean]> {
  const server = await serve({
    name: 'documents',
    setting: 'none',
    host: '127.0.0.1',
    port: 0,
    handle: ({ path }) =>
      path === '/jwks'
        ? { status: 200, body: jwks }
        : { status: 200, body: metadata?.(server.origin) ?? '', headers: { 'content-type': 'application/json' } },
  });
  t.after(() => server.close(0));
  const base = testEnv(server.origin, keys);
  const { TOKEN_X_ISSUER: _issuer, TOKEN_X_JWKS_URI: _jwks, TOKEN_X_TOKEN_ENDPOINT: _token, ...rest } = base;
  const wellKnownUrl = `${server.origin}/.well-known/oauth-authorization-server`;
  const discovered = { ...rest, TOKEN_X_WELL_KNOWN_URL: wellKnownUrl };
  const issuer = metadata === undefined ? `${server.origin}/tokenx` : server.origin;
  const one = await startSidecar(t, metadata === undefined ? base : discovered);
  const token = signed({}, { ...CLAIMS, iss: issuer });
  const answer = await one.post('/introspect', { identity_provider: 'tokenx', token });
  const library = create(
    [
      {
        provider: 'tokenx',
        issuer,
        keys: metadata === undefined ? { jwksUri: `${server.origin}/jwks` } : { wellKnownUrl },
        audience: [CLAIMS.aud],
      },
    ],
    { env: { FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'true' }, clock: () => START },
  );
  t.after(() => library.close());
  return [(await answer.text()).startsWith('{"active":true'), (await library.validate(token)).ok];
}

test('T60 B6 sidecar and SDK: a key set of 256 KiB and of 100 keys is read, one more of either is not', async (t) => {
  const one = publicJwk(keys.issuerJwk);
  const plain = JSON.stringify({ keys: [one] });
  assert.deepEqual(await load(t, { jwks: padTo(plain, 256 * KIB) }), [true, true]);
  assert.deepEqual(await load(t, { jwks: padTo(plain, 256 * KIB + 1) }), [false, false]);
  const many = (count: number): string =>
    JSON.stringify({ keys: [one, ...Array.from({ length: count - 1 }, (_, at) => ({ ...one, kid: `other-${at}` }))] });
  assert.deepEqual(await load(t, { jwks: many(100) }), [true, true]);
  assert.deepEqual(await load(t, { jwks: many(101) }), [false, false]);
});

const metadataOf =
  (length: number) =>
  (origin: string): string =>
    padTo(JSON.stringify({ issuer: origin, jwks_uri: `${origin}/jwks`, token_endpoint: `${origin}/token` }), length);

test('T60 B6 sidecar and SDK: metadata of 128 KiB are read, a byte more is not', async (t) => {
  assert.deepEqual(await load(t, { metadata: metadataOf(128 * KIB) }), [true, true]);
  assert.deepEqual(await load(t, { metadata: metadataOf(128 * KIB + 1) }), [false, false]);
});
