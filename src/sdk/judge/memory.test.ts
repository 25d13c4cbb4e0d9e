import assert from 'node:assert/strict';
import test from 'node:test';
import { publicJwk } from '../../oauth/jwk.ts';
import { ConfigError, create } from '../index.ts';
import type { Fullmakt, Principal } from '../index.ts';
import { codeOf, makeAuth } from '../testing/auth.ts';
import { CLAIMS, makeKeys, mint, START } from '../testing/fixtures.ts';

const keys = await makeKeys();

async function accepted(auth: Fullmakt, token: string): Promise<Principal> {
  const outcome = await codeOf(auth, token);
  return typeof outcome === 'string' ? assert.fail(outcome) : outcome;
}

test('a token sent again gives the same frozen principal, and its event; off unless asked for (2.6)', async (t) => {
  const token = await mint(CLAIMS['entra-user'], keys.issuer);
  const on = makeAuth(t, keys, { verifiedCache: {} });
  const first = await accepted(on.auth, token);
  assert.equal(await accepted(on.auth, `${token.slice(0, 10)}${token.slice(10)}`), first);
  const now = on.auth.validateSync(token);
  assert.ok(now.ok && now.principal === first);
  assert.equal(on.events.filter(({ event }) => event === 'token.accepted').length, 3);
  for (const options of [{}, { verifiedCache: false }]) {
    const off = makeAuth(t, keys, options);
    assert.notEqual(await accepted(off.auth, token), await accepted(off.auth, token));
  }
});

test('L4 cached-verdict: nothing one caller receives can be changed by another', async (t) => {
  const { auth } = makeAuth(t, keys, { verifiedCache: {} });
  const token = await mint({ ...CLAIMS['entra-user'], extra: { deep: ['a'] } }, keys.issuer);
  const first = await accepted(auth, token);
  const extra = Object(first.claims['extra']);
  for (const target of [first, first.claims, first.scopes, first.token, extra, extra.deep]) {
    assert.ok(Object.isFrozen(target));
    assert.equal(Reflect.set(target, 'sub', 'someone else'), false);
    assert.equal(Reflect.set(target, '0', 'someone else'), false);
  }
  assert.deepEqual((await accepted(auth, token)).claims, { ...CLAIMS['entra-user'], extra: { deep: ['a'] } });
});

test('L4 cached-verdict: a hit after exp or before nbf is refused with its own code, with or without iat in the way', async (t) => {
  const { auth, clock } = makeAuth(t, keys, { verifiedCache: { maxAgeSeconds: 300 } });
  const token = await mint({ ...CLAIMS.oidc, nbf: START, exp: START + 40 }, keys.issuer);
  await accepted(auth, token);
  clock.now = START + 69.9;
  await accepted(auth, token);
  clock.now = START + 70;
  assert.equal(await codeOf(auth, token), 'token_expired');
  clock.now = START;
  await accepted(auth, token);
  clock.now = START - 31;
  assert.equal(await codeOf(auth, token), 'token_not_yet_valid');
});

test('L4 cached-verdict: a key that is removed or changed refuses what it signed; one that is added does not', async (t) => {
  const published = { keys: [publicJwk(keys.issuerJwk)] };
  const { auth, clock } = makeAuth(t, keys, {
    verifiedCache: { maxAgeSeconds: 300 },
    fetch: async () => Response.json({ keys: published.keys }),
  });
  const token = await mint({ ...CLAIMS.oidc, exp: START + 3600 }, keys.issuer);
  const first = await accepted(auth, token);
  const refreshBy = async (kid: string): Promise<void> => {
    clock.now += 40;
    await codeOf(auth, await mint(CLAIMS.oidc, { ...keys.issuer, kid }));
  };
  published.keys.push({ ...keys.ec.publicJwk, kid: 'k2' });
  await refreshBy('k3');
  assert.equal(await accepted(auth, token), first, 'still the same one');
  published.keys.shift();
  await refreshBy('k4');
  assert.equal(await codeOf(auth, token), 'key_unknown');
});

test('L4 cached-verdict: where keys are too old to be used, what they proved is refused too', async (t) => {
  const { auth, clock, net } = makeAuth(t, keys, { verifiedCache: { maxAgeSeconds: 300 } });
  clock.now = START;
  await accepted(auth, await mint(CLAIMS.oidc, keys.issuer));
  net.down = true;
  clock.now = START + 24 * 3600 - 10;
  const token = await mint({ ...CLAIMS.oidc, iat: clock.now, exp: clock.now + 600 }, keys.issuer);
  await accepted(auth, token);
  clock.now += 20;
  assert.equal(await codeOf(auth, token), 'keys_unavailable');
});

test('a hit asks for the refresh of a set that is due, as any token does (2.5)', async (t) => {
  const { auth, clock, net } = makeAuth(t, keys, { verifiedCache: { maxAgeSeconds: 300 } });
  const token = await mint({ ...CLAIMS.oidc, exp: START + 3600 }, keys.issuer);
  await accepted(auth, token);
  clock.now += 400;
  await accepted(auth, token);
  clock.now += 290;
  const before = net.calls;
  const first = await accepted(auth, token);
  assert.equal(net.calls, before + 1);
  assert.equal(await accepted(auth, token), first);
});

test('a hit is narrowed by the providers a caller wants, as a new token is (2.4)', async (t) => {
  const { auth } = makeAuth(t, keys, { verifiedCache: {} });
  const token = await mint(CLAIMS['tokenx-user'], keys.issuer);
  await accepted(auth, token);
  const refused = await auth.validate(token, { providers: ['entra_id'] });
  assert.equal(!refused.ok && refused.error.code, 'issuer_unknown');
  assert.ok((await auth.validate(token, { providers: ['entra_id', 'tokenx'] })).ok);
});

test('one application does not know what another verified: each has a memory of its own (1)', async (t) => {
  const one = makeAuth(t, keys, { verifiedCache: {} });
  const token = await mint(CLAIMS['tokenx-user'], keys.issuer);
  await accepted(one.auth, token);
  const other = makeAuth(t, keys, { verifiedCache: {}, leewaySeconds: 0 });
  other.clock.now = START + 600;
  assert.equal(await codeOf(other.auth, token), 'token_expired');
});

test('what is no string and no token is refused in its own words, memory or not (2.1)', async (t) => {
  const { auth } = makeAuth(t, keys, { verifiedCache: {} });
  for (const odd of [undefined, null, 7, {}, ['a.b.c'], Buffer.from('a.b.c')]) {
    assert.equal(await codeOf(auth, Object(odd)), 'token_missing');
  }
  assert.equal(await codeOf(auth, 'x'.repeat(16_385)), 'token_too_large');
  assert.equal(await codeOf(auth, '\u0141.b.c'), 'token_malformed');
});

test('sizes and ages that are out of range, of another type or misspelt throw when the object is made (1, 2.6)', () => {
  const issuer = {
    provider: 'oidc:x',
    issuer: 'https://op.example',
    audience: ['me'],
    keys: { jwksUri: 'https://op.example/jwks' },
  } as const;
  const make = (verifiedCache: unknown): Fullmakt => create([issuer], { env: {}, ...Object({ verifiedCache }) });
  const bad: readonly unknown[] = [
    true,
    null,
    60,
    'on',
    [],
    { maxAge: 10 },
    ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '10', null, 1_000_001].map((maxEntries) => ({ maxEntries })),
    ...[0, 0.5, -1, 300.1, Number.NaN, Number.POSITIVE_INFINITY, '10', null].map((maxAgeSeconds) => ({
      maxAgeSeconds,
    })),
  ];
  for (const given of bad) assert.throws(() => make(given), ConfigError, JSON.stringify(given));
  for (const good of [
    undefined,
    false,
    {},
    { maxEntries: 1 },
    { maxAgeSeconds: 300 },
    { maxEntries: 1e6, maxAgeSeconds: 1.5 },
  ]) {
    make(good).close();
  }
});
