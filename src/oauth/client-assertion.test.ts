import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { type ClientAssertionOptions, signClientAssertion } from './client-assertion.ts';
import { generatePrivateJwk, importSigningKey, importVerificationKey, type PrivateJwk, publicJwk } from './jwk.ts';
import { parseJwt, verifyJwtSignature } from './jwt.ts';

const NOW = 1_700_000_000.7;

describe('client assertion (RFC 7523 section 3)', () => {
  let jwk: PrivateJwk;
  before(async () => {
    jwk = await generatePrivateJwk('ES256');
  });

  async function signed(options: Partial<ClientAssertionOptions> = {}): Promise<ReturnType<typeof verifyJwtSignature>> {
    const key = options.key ?? importSigningKey(jwk);
    const token = await signClientAssertion({
      key,
      clientId: 'me',
      audience: 'https://issuer.test',
      now: NOW,
      ...options,
    });
    const jwt = parseJwt(token, { types: ['JWT', 'client-authentication+jwt'] });
    return verifyJwtSignature(jwt, [importVerificationKey(publicJwk(jwk))], {
      algorithms: ['ES256'],
      kidRequired: true,
    });
  }

  test('has iss, sub, one aud, whole times, 30 s of life and a new jti each', async () => {
    const one = await signed();
    const { jti, ...claims } = one.claims;
    const now = Math.floor(NOW);
    assert.deepEqual(claims, { iss: 'me', sub: 'me', aud: 'https://issuer.test', iat: now, nbf: now, exp: now + 30 });
    assert.equal(one.header.typ, 'JWT');
    assert.notEqual((await signed()).claims['jti'], jti);
  });

  test('as a grant it goes without sub and carries what the grant asks for', async () => {
    const { claims } = await signed({
      omitSubject: true,
      claims: { scope: 'a:b', resource: ['x'] },
      lifetimeSeconds: 100,
      jti: 'j',
    });
    assert.equal(Object.hasOwn(claims, 'sub'), false);
    assert.deepEqual([claims['scope'], claims['resource'], claims['jti']], ['a:b', ['x'], 'j']);
    assert.equal(claims['exp'], Math.floor(NOW) + 100);
  });

  test('added claims may replace sub, never who it is from, for whom, or when', async () => {
    const { claims } = await signed({ claims: { sub: 'user', iss: 'x', aud: 'x', exp: 0, iat: 0, nbf: 0, jti: 'x' } });
    assert.deepEqual(
      [claims['sub'], claims['iss'], claims['aud'], claims['iat']],
      ['user', 'me', 'https://issuer.test', Math.floor(NOW)],
    );
    assert.notEqual(claims['jti'], 'x');
  });

  test('names the certificate of the key where it has one', async () => {
    const key = importSigningKey({ ...jwk, 'x5t#S256': 'thumb' });
    assert.equal((await signed({ key, typ: 'client-authentication+jwt' })).header['x5t#S256'], 'thumb');
    // RFC 7515 4.1.8: the digest of the DER, of the first certificate of the chain.
    const certified = importSigningKey({ ...jwk, x5c: ['AQID', 'BAUG'] });
    const thumbprint = createHash('sha256')
      .update(Buffer.from([1, 2, 3]))
      .digest('base64url');
    assert.equal((await signed({ key: certified })).header['x5t#S256'], thumbprint);
    for (const x5c of [[], [1], 'AQID']) {
      const { header } = await signed({ key: importSigningKey({ ...jwk, x5c }) });
      assert.equal(Object.hasOwn(header, 'x5t#S256'), false);
    }
    assert.equal(Object.hasOwn((await signed()).header, 'x5t#S256'), false);
  });
});
