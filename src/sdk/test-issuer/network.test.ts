import assert from 'node:assert/strict';
import test from 'node:test';
import type { TestContext } from 'node:test';
import { fromEnv } from '../index.ts';
import type { Fullmakt } from '../index.ts';
import { createTestIssuer, fakeClock } from '../testing.ts';
import type { TestIssuer } from '../testing.ts';

interface World {
  readonly clock: ReturnType<typeof fakeClock>;
  readonly issuer: TestIssuer;
  readonly auth: Fullmakt;
}

async function makeWorld(t: TestContext, options: { readonly listen?: boolean } = {}): Promise<World> {
  const clock = fakeClock();
  const issuer = await createTestIssuer({ clock, ...options });
  const fetch = options.listen === true ? {} : { fetch: issuer.fetch };
  const auth = fromEnv({ env: issuer.env, clock, ...fetch });
  t.after(async () => {
    auth.close();
    await issuer.close();
  });
  return { clock, issuer, auth };
}

async function codeOf(auth: Fullmakt, token: string): Promise<string> {
  const outcome = await auth.validate(token);
  return outcome.ok ? 'accepted' : outcome.error.code;
}

test('requests are listed in order with their forms, and nothing is asked twice that is known', async (t) => {
  const { issuer, auth } = await makeWorld(t);
  assert.equal(await codeOf(auth, issuer.mint('tokenx')), 'accepted');
  assert.equal(await codeOf(auth, issuer.mint('tokenx-machine')), 'accepted');
  await issuer.fetch(issuer.env['TOKEN_X_TOKEN_ENDPOINT'] ?? '', {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'x' }),
  });
  assert.deepEqual(
    issuer.requests.map(({ url, form }) => [url, form.toString()]),
    [
      [issuer.env['TOKEN_X_JWKS_URI'], ''],
      [issuer.env['TOKEN_X_TOKEN_ENDPOINT'], 'grant_type=x'],
    ],
  );
});

for (const how of ['down', 'error', 'garbage'] as const) {
  test(`with providers that are ${how} there are no keys, and with well ones there are again (2.5)`, async (t) => {
    const { clock, issuer, auth } = await makeWorld(t);
    issuer.fail(how);
    assert.equal(await codeOf(auth, issuer.mint('idporten')), 'keys_unavailable');
    issuer.fail();
    clock.advance(60);
    assert.equal(await codeOf(auth, issuer.mint('idporten')), 'accepted');
  });
}

test('a slow provider answers once it is well, and lets go of who leaves or closes', async (t) => {
  const { issuer } = await makeWorld(t);
  const url = issuer.env['TOKEN_X_JWKS_URI'] ?? '';
  issuer.fail('slow');
  const left = new AbortController();
  const leaving = issuer.fetch(url, { signal: left.signal });
  const staying = issuer.fetch(url);
  left.abort(new Error('left'));
  await assert.rejects(leaving, /left/);
  issuer.fail();
  assert.equal((await staying).status, 200);
  issuer.fail('slow');
  const closed = issuer.fetch(url);
  await issuer.close();
  assert.equal((await closed).status, 200);
});

test('nothing but the providers is there, and what is gone fails as it would on a network', async (t) => {
  const { issuer } = await makeWorld(t);
  await assert.rejects(issuer.fetch('https://else.example/'), (error) => {
    assert.ok(error instanceof TypeError && error.cause instanceof Error);
    return error.message === 'fetch failed' && error.cause.message.endsWith('https://else.example/');
  });
  const aborted = AbortSignal.abort(new Error('left'));
  await assert.rejects(issuer.fetch(issuer.env['TOKEN_X_JWKS_URI'] ?? '', { signal: aborted }), /left/);
});

test('L10 stale-keys: rotated keys are found by their id; old tokens hold until the old key is dropped', async (t) => {
  const { clock, issuer, auth } = await makeWorld(t);
  const old = issuer.mint('entra-user', { expiresInSeconds: 4000 });
  assert.equal(await codeOf(auth, old), 'accepted');
  clock.advance(10);
  issuer.rotateKeys();
  assert.equal(await codeOf(auth, issuer.mint('entra-user')), 'accepted');
  assert.equal(await codeOf(auth, old), 'accepted');
  clock.advance(60);
  issuer.rotateKeys({ drop: true });
  assert.equal(await codeOf(auth, issuer.mint('entra-user')), 'accepted');
  assert.equal(await codeOf(auth, old), 'key_unknown');
});

test('with a listener the same providers are there for programs that cannot be given fetch', async (t) => {
  const { issuer, auth } = await makeWorld(t, { listen: true });
  assert.match(issuer.env['MASKINPORTEN_ISSUER'] ?? '', /^http:\/\/127\.0\.0\.1:\d+\/maskinporten\/$/);
  assert.equal(await codeOf(auth, issuer.mint('entra-machine')), 'accepted');
  const answer = await fetch(issuer.env['TOKEN_X_TOKEN_ENDPOINT'] ?? '', {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'x' }),
  });
  assert.deepEqual([answer.status, issuer.requests.at(-1)?.form.get('grant_type')], [400, 'x']);
  issuer.fail('down');
  await assert.rejects(fetch(issuer.env['TOKEN_X_JWKS_URI'] ?? ''), TypeError);
});

test('well-known documents alone are enough to find everything (2.4)', async (t) => {
  const clock = fakeClock();
  const issuer = await createTestIssuer({ clock });
  const parts = /_(?:ISSUER|JWKS_URI|TOKEN_ENDPOINT)$/;
  const env = Object.fromEntries(Object.entries(issuer.env).filter(([name]) => !parts.test(name)));
  const { fetch } = issuer;
  const auth = fromEnv({ env, fetch, clock, maskinporten: { requiredScope: 'test:data/read' } });
  t.after(() => auth.close());
  for (const kind of ['entra-user', 'tokenx', 'idporten', 'maskinporten'] as const) {
    assert.equal(await codeOf(auth, issuer.mint(kind)), 'accepted', kind);
  }
});

test('two issuers trust nothing of each other, and without a clock tokens are of today', async (t) => {
  const { issuer } = await makeWorld(t);
  const other = await createTestIssuer();
  const auth = fromEnv({ env: issuer.env, fetch: issuer.fetch });
  const own = fromEnv({ env: other.env, fetch: other.fetch });
  t.after(() => {
    auth.close();
    own.close();
  });
  assert.equal(await codeOf(auth, other.mint('tokenx')), 'signature_invalid');
  assert.equal(await codeOf(own, other.mint('tokenx')), 'accepted');
});

test('tokens are changed as asked: claims, header and life; a life of the past is a whole one', async (t) => {
  const { issuer, auth } = await makeWorld(t);
  const code = (changes: Parameters<TestIssuer['mint']>[1]): Promise<string> =>
    codeOf(auth, issuer.mint('entra-user', changes));
  assert.equal(await code({ claims: { aud: 'other' } }), 'audience_mismatch');
  assert.equal(await code({ without: ['oid'] }), 'claim_missing');
  assert.equal(await code({ header: { crit: ['x'] } }), 'header_refused');
  assert.equal(await code({ expiresInSeconds: -29 }), 'accepted');
  assert.equal(await code({ expiresInSeconds: -30 }), 'token_expired');
});
