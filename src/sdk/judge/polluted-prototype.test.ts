import assert from 'node:assert/strict';
import test from 'node:test';
import { makeAuth } from '../testing/auth.ts';
import { CLAIMS, makeKeys, mint, START, withHeader } from '../testing/fixtures.ts';

const keys = await makeKeys();
const header = { alg: 'RS256', kid: 'k1', typ: 'JWT' };

test('what a library has put into every object says nothing of a token: neither for it nor against it (2.2)', async (t) => {
  const { auth } = makeAuth(t, keys);
  await auth.ready();
  const claims = CLAIMS.idporten;
  const good = await mint(claims, keys.issuer);
  const without = Object.keys(claims).map((name) => {
    return mint(Object.fromEntries(Object.entries(claims).filter(([other]) => other !== name)), keys.issuer);
  });
  const tokens = [
    good,
    ...(await Promise.all(without)),
    await mint({ ...claims, aud: 'another' }, keys.issuer),
    withHeader(good, { kid: 'k1' }),
    withHeader(good, { alg: 'RS256' }),
  ];
  const verdicts = (): readonly string[] => {
    return tokens.map((token) => {
      const outcome = auth.validateSync(token);
      return outcome.ok ? 'ok' : outcome.error.code;
    });
  };
  const before = verdicts();
  assert.equal(before[0], 'ok');
  const put = {
    ...header,
    ...claims,
    crit: ['x'],
    b64: false,
    jwk: {},
    cty: 'JWT',
    nonce: 'n',
    nbf: START * 2,
    audienceNotIssued: true,
  };
  for (const [name, value] of Object.entries(put)) {
    Reflect.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
    try {
      assert.deepEqual([name, ...verdicts()], [name, ...before]);
    } finally {
      Reflect.deleteProperty(Object.prototype, name);
    }
  }
});
