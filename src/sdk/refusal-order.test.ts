import assert from 'node:assert/strict';
import test from 'node:test';
import type { AuthErrorCode } from './index.ts';
import { codeOf, makeAuth } from './testing/auth.ts';
import { CLAIMS, makeKeys, mint, START, withHeader } from './testing/fixtures.ts';

const keys = await makeKeys();

/** A fault, made by changing claims, header or text; each alone gives its code. */
interface Fault {
  readonly code: AuthErrorCode;
  readonly claims?: object;
  readonly header?: object;
  readonly isStranger?: true;
}

/** In the order in which they are looked for. */
const FAULTS: readonly Fault[] = [
  { code: 'header_refused', header: { crit: ['exp'] } },
  { code: 'algorithm_refused', header: { alg: 'HS256' } },
  { code: 'issuer_unknown', claims: { iss: 'https://nobody.example' } },
  { code: 'key_id_missing', header: { kid: undefined } },
  { code: 'key_unknown', header: { kid: 'other' } },
  { code: 'algorithm_refused', header: { alg: 'PS256' } },
  { code: 'signature_invalid', isStranger: true },
  { code: 'claim_missing', claims: { iat: undefined } },
  { code: 'claim_invalid', claims: { nbf: 'soon' } },
  { code: 'token_expired', claims: { exp: START - 31 } },
  { code: 'audience_mismatch', claims: { aud: 'somebody else' } },
  { code: 'type_refused', claims: { client_id: undefined } },
];

async function tokenWith(faults: readonly Fault[]): Promise<string> {
  const claims = Object.assign({ ...CLAIMS.idporten, iat: START - 600 }, ...faults.map((fault) => fault.claims));
  const header = Object.assign({ alg: 'RS256', kid: 'k1' }, ...faults.map((fault) => fault.header));
  const key = faults.some(({ isStranger }) => isStranger === true) ? keys.stranger : keys.issuer;
  const token = await mint(claims, key);
  return faults.some((fault) => fault.header !== undefined) ? withHeader(token, header) : token;
}

test('each fault alone has its code, and of two the one that is looked for first is told (2.2)', async (t) => {
  const { auth } = makeAuth(t, keys);
  assert.equal(typeof (await codeOf(auth, await tokenWith([]))), 'object');
  for (const [at, first] of FAULTS.entries()) {
    assert.equal(await codeOf(auth, await tokenWith([first])), first.code);
    for (const second of FAULTS.slice(at + 1)) {
      // Two values of one member are no two faults.
      if (isSameMember(first, second)) continue;
      const pair = `${first.code}, then ${second.code}`;
      assert.equal(await codeOf(auth, await tokenWith([second, first])), first.code, pair);
    }
  }
});

function isSameMember(one: Fault, other: Fault): boolean {
  const members = ({ claims = {}, header = {} }: Fault): string[] => [...Object.keys(claims), ...Object.keys(header)];
  return members(one).some((member) => members(other).includes(member));
}
