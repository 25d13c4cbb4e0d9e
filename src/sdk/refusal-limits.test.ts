import assert from 'node:assert/strict';
import test from 'node:test';
import type { TestContext } from 'node:test';
import type { AuthErrorCode, Fullmakt, Options } from './index.ts';
import { createTestIssuer, fakeClock } from './testing.ts';
import { ACCEPTED, openAuth } from './testing/issuer-auth.ts';

const clock = fakeClock();
const issuer = await createTestIssuer({ clock });
const open = (t: TestContext, options: Options = {}): Promise<Fullmakt> => openAuth(t, issuer, { clock, ...options });

async function codeOf(token: string, auth: Fullmakt): Promise<'accepted' | AuthErrorCode> {
  const outcome = await auth.validate(token);
  return outcome.ok ? 'accepted' : outcome.error.code;
}

test('L8 skew: one leeway on exp, nbf and iat at -1, 0 and +1 s, for each provider and each leeway that may be set', async (t) => {
  for (const leewaySeconds of [undefined, 0, 1, 120]) {
    const auth = await open(t, leewaySeconds === undefined ? {} : { leewaySeconds });
    const leeway = leewaySeconds ?? 30;
    for (const kind of ACCEPTED) {
      const codes = async (make: (offset: number) => object): Promise<readonly unknown[]> =>
        await Promise.all([-1, 0, 1].map((offset) => codeOf(issuer.mint(kind, { claims: make(offset) }), auth)));
      const now = clock();
      const early = { iat: now - 1000, nbf: now - 1000 };
      const where = `${kind}, ${leeway} s`;
      assert.deepEqual(
        await codes((offset) => ({ ...early, exp: now - leeway + offset })),
        ['token_expired', 'token_expired', 'accepted'],
        `exp of ${where}`,
      );
      const late = ['accepted', 'accepted', 'token_not_yet_valid'];
      const exp = now + 1000;
      assert.deepEqual(await codes((offset) => ({ nbf: now + leeway + offset, exp })), late, `nbf of ${where}`);
      assert.deepEqual(await codes((offset) => ({ iat: now + leeway + offset, exp })), late, `iat of ${where}`);
    }
  }
});

test('each limit of a token, and one beyond (2.1, 2.2)', async (t) => {
  const auth = await open(t);
  for (const kind of ACCEPTED) {
    const mint = (claims: object): string => issuer.mint(kind, { claims });
    const empty = mint({ filler: '' }).length;
    const filled = (characters: number): string => mint({ filler: 'x'.repeat(characters) });
    // Three bytes are four characters; what is left over decides by ones.
    const most = Math.floor(((16_384 - empty) * 3) / 4);
    const sizes = [-3, -2, -1, 0, 1, 2, 3].map((more) => filled(most + more));
    assert.ok(
      sizes.some(({ length }) => length >= 16_383 && length <= 16_384),
      kind,
    );
    for (const token of sizes) {
      assert.equal(
        await codeOf(token, auth),
        token.length <= 16_384 ? 'accepted' : 'token_too_large',
        `${token.length}`,
      );
    }
    const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
    assert.equal(await codeOf(mint({ nested: nested(15) }), auth), 'accepted');
    assert.equal(await codeOf(mint({ nested: nested(16) }), auth), 'token_malformed');
    const iat = clock();
    assert.equal(await codeOf(mint({ iat, exp: iat + 87_000 }), auth), 'accepted');
    assert.equal(await codeOf(mint({ iat, exp: iat + 87_001 }), auth), 'lifetime_exceeded');
    assert.equal(await codeOf(mint({ iat, exp: iat + 1 }), auth), 'accepted');
    assert.equal(await codeOf(mint({ iat, exp: iat }), auth), 'claim_invalid');
    assert.equal(await codeOf(mint({ iat: 0, exp: iat + 60 }), auth), 'lifetime_exceeded');
    assert.equal(await codeOf(mint({ iat: -1, exp: iat + 60 }), auth), 'claim_invalid');
    assert.equal(await codeOf(mint({ exp: 2 ** 53 - 1 }), auth), 'lifetime_exceeded');
    assert.equal(await codeOf(mint({ exp: 2 ** 53 }), auth), 'claim_invalid');
  }
  const short = await open(t, { maxLifetimeSeconds: 60 });
  assert.equal(await codeOf(issuer.mint('idporten', { expiresInSeconds: 60 }), short), 'accepted');
  assert.equal(await codeOf(issuer.mint('idporten', { expiresInSeconds: 61 }), short), 'lifetime_exceeded');
});

test('an audience may stand alone or among others, and typ may be spelled in its ways (2.1, 2.2)', async (t) => {
  const auth = await open(t);
  const accepted = async (token: string): Promise<boolean> => (await auth.validate(token)).ok;
  for (const kind of ACCEPTED) {
    const { aud } = JSON.parse(Buffer.from(issuer.mint(kind).split('.')[1] ?? '', 'base64url').toString()) as {
      aud?: string;
    };
    if (aud !== undefined) assert.ok(await accepted(issuer.mint(kind, { claims: { aud: ['other', aud] } })), kind);
    for (const typ of [undefined, 'JWT', 'jwt', 'application/jwt', 'at+jwt', 'application/AT+JWT']) {
      assert.ok(await accepted(issuer.mint(kind, { header: { typ } })), `${kind} ${typ}`);
    }
    for (const header of [{ x5c: ['x'] }, { x5t: 'x' }, { unheard: 'of' }]) {
      assert.ok(await accepted(issuer.mint(kind, { header })), `${kind} ${JSON.stringify(header)}`);
    }
  }
});
