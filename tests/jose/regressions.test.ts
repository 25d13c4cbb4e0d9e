import assert from 'node:assert/strict';
import { createHmac, createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { signJws } from '../../src/oauth/jws.ts';
import { publicJwk } from '../../src/oauth/jwk.ts';
import { create } from '../../src/sdk/index.ts';
import { bothVerifiers, issuerKey, keys } from './two-verifiers.ts';
import type { AccessVerifier } from './two-verifiers.ts';

function mint({ claims }: AccessVerifier, changes: object = {}, header: object = {}): Promise<string> {
  return signJws({ typ: 'JWT', ...header }, { ...claims, ...changes }, issuerKey);
}

function segment(text: string): string {
  return Buffer.from(text).toString('base64url');
}

/** Signed rightly over a payload as it is written. */
async function mintText({ claims }: AccessVerifier, change: (text: string) => string): Promise<string> {
  const { sign } = await import('node:crypto');
  const input = `${segment('{"alg":"RS256","kid":"issuer-key"}')}.${segment(change(JSON.stringify(claims)))}`;
  return `${input}.${sign('sha256', Buffer.from(input), issuerKey.key).toString('base64url')}`;
}

test('L5 algorithm: a public RSA key is no HMAC secret, in whatever form it is written', async (t) => {
  const key = createPublicKey(issuerKey.key);
  const pem = key.export({ format: 'pem', type: 'spki' });
  const secrets = [
    pem,
    `\n${pem}`,
    pem.trim(),
    key.export({ format: 'der', type: 'spki' }),
    JSON.stringify(publicJwk(keys.issuerJwk)),
  ];
  for (const verifier of await bothVerifiers(t)) {
    for (const alg of ['HS256', 'HS384', 'HS512', 'hs256', 'none', 'None', '']) {
      for (const secret of secrets) {
        const input = `${segment(JSON.stringify({ alg, kid: 'issuer-key' }))}.${segment(JSON.stringify(verifier.claims))}`;
        const forged = createHmac('sha256', secret).update(input).digest('base64url');
        const verdict = await verifier.judge(`${input}.${forged}`);
        assert.match(verdict, /^(?:algorithm_refused|header_refused|invalid token header: InvalidToken)$/, alg);
      }
    }
  }
});

test('L5 algorithm: what is off the list, and what the key is not for, is refused before the signature is looked at', async (t) => {
  for (const verifier of await bothVerifiers(t)) {
    const refused = verifier.name === 'SDK' ? 'algorithm_refused' : 'invalid token: InvalidAlgorithm';
    const renamed = async (alg: string): Promise<string> => {
      const [, ...rest] = (await mint(verifier)).split('.');
      return [segment(JSON.stringify({ alg, kid: 'issuer-key' })), ...rest].join('.');
    };
    assert.equal(await verifier.judge(await mint(verifier)), 'accepted');
    for (const alg of ['RS384', 'RS512', 'PS256', 'PS384', 'ES256', 'EdDSA']) {
      assert.equal(await verifier.judge(await renamed(alg)), refused, `${verifier.name} ${alg}`);
    }
    // The same key, published for another algorithm: what it signed with this one is refused.
    verifier.publish({ ...publicJwk(keys.issuerJwk), alg: 'PS256' });
    verifier.clock.now += 700;
    await verifier.judge(await renamed('RS256'));
    assert.equal(await verifier.judge(await mint(verifier, { jti: 'another' })), refused, verifier.name);
  }
});

test('L5 algorithm: a PEM, a text or a secret where a key set is expected does not start', () => {
  const pem = createPublicKey(issuerKey.key).export({ format: 'pem', type: 'spki' });
  const issuer = { provider: 'oidc:x', issuer: 'https://op.example.test', audience: ['me'] } as const;
  const oct = { kty: 'oct', kid: 'k', k: segment(pem), alg: 'HS256' };
  for (const jwks of [{ keys: [pem] }, { keys: [oct] }, { keys: pem }, pem, 'secret', null]) {
    assert.throws(() => create([{ ...issuer, keys: { jwks: Object(jwks) } }], { env: {} }), /jwks/);
  }
});

test('L7 time-claims: times that are missing, text, endless, negative or in the wrong order are refused', async (t) => {
  for (const verifier of await bothVerifiers(t)) {
    const missing = verifier.name === 'SDK' ? 'claim_missing' : /^invalid token: Missing required claim: /;
    const invalid = verifier.name === 'SDK' ? 'claim_invalid' : /^invalid token: claim \w+ is invalid$/;
    const expects = async (token: string, verdict: string | RegExp, what: string): Promise<void> => {
      const actual = await verifier.judge(token);
      if (typeof verdict === 'string') assert.equal(actual, verdict, what);
      else assert.match(actual, verdict, what);
    };
    for (const name of ['exp', 'iat']) await expects(await mint(verifier, { [name]: undefined }), missing, name);
    for (const name of ['exp', 'iat', 'nbf']) {
      const value = String(verifier.claims[name]);
      for (const odd of ['1e400', '-1e400', '-1', '9007199254740992', `"${value}"`, 'null', 'true', '[]', '{}']) {
        const token = await mintText(verifier, (text) => text.replace(`"${name}":${value}`, `"${name}":${odd}`));
        await expects(token, invalid, `${name} ${odd}`);
      }
    }
    await expects(await mint(verifier, { exp: verifier.claims['iat'] }), invalid, 'exp = iat');
    await expects(await mint(verifier, { iat: 2 ** 52, exp: 2 ** 52 - 1 }), invalid, 'exp < iat');
    await expects(await mint(verifier, { nbf: undefined }), verifier.name === 'SDK' ? missing : 'accepted', 'nbf');
  }
});

test('L8 skew: one number on exp, nbf and iat, a second before, at and after it, at the SDK and at the sidecar', async (t) => {
  for (const verifier of await bothVerifiers(t)) {
    const { leewaySeconds, clock } = verifier;
    const verdicts = async (name: string, at: (distance: number) => number): Promise<readonly boolean[]> => {
      const found: boolean[] = [];
      for (const distance of [-1, 0, 1]) {
        found.push((await verifier.judge(await mint(verifier, { [name]: at(distance) }))) === 'accepted');
      }
      return found;
    };
    const ahead = (distance: number): number => clock.now + leewaySeconds + distance;
    const behind = (distance: number): number => clock.now - leewaySeconds - distance;
    assert.deepEqual(await verdicts('exp', behind), [true, false, false], `${verifier.name} exp`);
    assert.deepEqual(await verdicts('nbf', ahead), [true, true, false], `${verifier.name} nbf`);
    assert.deepEqual(await verdicts('iat', ahead), [true, true, false], `${verifier.name} iat`);
  }
});

test('L12 strict-jose: members that would change how a token is read refuse it by being there', async (t) => {
  for (const verifier of await bothVerifiers(t)) {
    const refused = verifier.name === 'SDK' ? 'header_refused' : 'invalid token header: InvalidToken';
    const members = { crit: ['exp'], b64: true, zip: 'DEF', jku: 'https://x.test', x5u: 'https://x.test', cty: 'JWT' };
    const withJwk = { ...members, jwk: publicJwk(keys.issuerJwk) };
    for (const [name, value] of Object.entries(withJwk)) {
      for (const each of [value, null, '', []]) {
        assert.equal(await verifier.judge(await mint(verifier, {}, { [name]: each })), refused, name);
      }
    }
    for (const name of ['x5c', 'x5t', 'x5t#S256']) {
      assert.equal(
        await verifier.judge(await mint(verifier, {}, { [name]: ['AAAA'] })),
        'accepted',
        `${name} is ignored`,
      );
    }
  }
});

test('L12 strict-jose: duplicates, payloads that are no object, padding and __proto__ are refused though rightly signed', async (t) => {
  for (const verifier of await bothVerifiers(t)) {
    const refused = verifier.name === 'SDK' ? 'token_malformed' : 'invalid token: InvalidToken';
    const texts: readonly ((text: string) => string)[] = [
      (text) => text.replace('{', '{"iss":"x",'),
      (text) => text.replace('{', '{"\\u0069ss":"x",'),
      (text) => text.replace('}', ',"a":{"b":1,"b":1}}'),
      (text) => text.replace('{', '{"__proto__":{},'),
      (text) => text.replace('{', '{"a":{"__proto__":1},'),
      (text) => text.replace('{', '{"a":"\\ud800",'),
      (text) => `[${text}]`,
      (text) => `\uFEFF${text}`,
      (text) => `${text}x`,
      (text) => `${text}${text}`,
      (text) => text.replace('{', `{"a":${'['.repeat(17)}${']'.repeat(17)},`),
      () => '"text"',
      () => 'null',
      () => '1',
    ];
    for (const change of texts) {
      const token = await mintText(verifier, change);
      assert.equal(await verifier.judge(token), refused, `${verifier.name} ${change('{}')}`);
    }
    const good = await mint(verifier);
    const atFirst = verifier.name === 'SDK' ? 'token_malformed' : 'invalid token header: InvalidToken';
    const [head = '', payload = '', signature = ''] = good.split('.');
    const odd = [
      `${good}=`,
      `${head}=.${payload}.${signature}`,
      `${good}\n`,
      ` ${good}`,
      `${head}..${signature}`,
      `${head}.${payload}.`,
    ];
    for (const token of odd) assert.equal(await verifier.judge(token), atFirst, token.slice(-20));
    assert.equal(await verifier.judge(good), 'accepted');
  }
});
