import assert from 'node:assert/strict';
import { createPrivateKey, sign } from 'node:crypto';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import { create } from '../../src/sdk/index.ts';
import { isFull } from '../adversarial/scale.ts';

const RUNS = isFull ? 100_000 : 5000;
const NOW = 1_800_000_000;
const LEEWAY = 30;
const [ISSUER, AUDIENCE] = ['https://op.example.test', 'me'];
const ABSENT = Symbol('absent');

const jwk = await generatePrivateJwk('EdDSA', 'k');
const key = createPrivateKey({ key: { ...jwk }, format: 'jwk' });
const keySet = createLocalJWKSet({ keys: [publicJwk(jwk)] });
const auth = create(
  [
    {
      provider: 'oidc:mine',
      issuer: ISSUER,
      keys: { jwks: { keys: [publicJwk(jwk)] } },
      audience: [AUDIENCE],
      algorithms: ['EdDSA'],
    },
  ],
  { env: {}, clock: () => NOW, leewaySeconds: LEEWAY },
);

/** Raw JSON, so that numbers no program would write are there too. */
type Written = Readonly<Record<string, string | typeof ABSENT>>;

const second = fc.constantFrom(
  -LEEWAY - 1,
  -LEEWAY,
  -LEEWAY + 1,
  -1,
  0,
  1,
  LEEWAY - 1,
  LEEWAY,
  LEEWAY + 1,
  600,
  87_001,
);
const date = fc.oneof(
  { weight: 6, arbitrary: second.map((distance) => String(NOW + distance)) },
  fc.constantFrom('1e400', '-1', '0', '1.5', '9007199254740992', '"1800000600"', 'null', '[]', 'true', '{}', '1e3'),
  fc.constant(ABSENT),
);
const text = (good: string): fc.Arbitrary<string | typeof ABSENT> =>
  fc.oneof(
    { weight: 8, arbitrary: fc.constant(JSON.stringify(good)) },
    fc.constantFrom(
      JSON.stringify(`${good}/`),
      JSON.stringify(good.toUpperCase()),
      JSON.stringify([good]),
      JSON.stringify([good, good]),
      JSON.stringify(['x', good]),
      JSON.stringify([good, 1]),
      JSON.stringify([[good]]),
      '"x"',
      '""',
      '[]',
      'null',
      '7',
      '{}',
    ),
    fc.constant(ABSENT),
  );

const written: fc.Arbitrary<Written> = fc.record({
  iss: text(ISSUER),
  aud: text(AUDIENCE),
  sub: text('u-1'),
  exp: fc.oneof({ weight: 3, arbitrary: fc.constant(String(NOW + 600)) }, date),
  iat: fc.oneof({ weight: 3, arbitrary: fc.constant(String(NOW - 10)) }, date),
  nbf: fc.oneof({ weight: 3, arbitrary: fc.constant(ABSENT) }, date),
});

function tokenOf(claims: Written): string {
  const members = Object.entries(claims).flatMap(([name, value]) =>
    typeof value === 'string' ? [`"${name}":${value}`] : [],
  );
  const header = Buffer.from('{"alg":"EdDSA","kid":"k"}').toString('base64url');
  const input = `${header}.${Buffer.from(`{${members.join(',')}}`).toString('base64url')}`;
  return `${input}.${sign(null, Buffer.from(input), key).toString('base64url')}`;
}

async function joseAccepts(token: string): Promise<boolean> {
  const rules = { issuer: ISSUER, audience: AUDIENCE, clockTolerance: LEEWAY, currentDate: new Date(NOW * 1000) };
  try {
    await jwtVerify(token, keySet, { ...rules, requiredClaims: ['exp', 'iat', 'sub'] });
    return true;
  } catch {
    return false;
  }
}

function number(value: unknown): number {
  return typeof value === 'string' ? Number(value) : Number.NaN;
}

/** The class a stricter refusal belongs to, by what was written; undefined if none explains it. */
function stricterClass({ iat, nbf, exp, sub, aud }: Written): string | undefined {
  for (const [name, value] of Object.entries({ iat, nbf, exp })) {
    if (value === ABSENT) continue;
    if (!(number(value) >= 0 && number(value) < 2 ** 53)) return `${name} is no point in time`;
  }
  if (number(iat) > NOW + LEEWAY) return 'iat lies ahead';
  if (number(exp) <= number(iat)) return 'exp is not after iat';
  if (number(exp) - number(iat) > 87_000) return 'the token lives too long';
  if (typeof sub === 'string' && !(sub.startsWith('"') && sub !== '""')) return 'sub is no name';
  if (typeof aud === 'string' && !/^(?:"[^"]*"|\["[^"]*"(?:,"[^"]*")*\])$/u.test(aud)) return 'aud is no list of names';
  return undefined;
}

test('on thousands of claims, right, odd and wrong, we agree with jose or are stricter in a class that has a name (8.2)', async () => {
  const stricter = new Map<string, number>();
  let agreed = 0;
  await fc.assert(
    fc.asyncProperty(written, async (claims) => {
      const token = tokenOf(claims);
      const [ours, theirs] = [auth.validateSync(token).ok, await joseAccepts(token)];
      if (ours) assert.equal(theirs, true, `we accept and jose refuses: ${token}`);
      if (ours) agreed += 1;
      if (ours || !theirs) return;
      const why = stricterClass(claims);
      assert.ok(why !== undefined, `jose accepts and we refuse without a named reason: ${token}`);
      stricter.set(why, (stricter.get(why) ?? 0) + 1);
    }),
    { numRuns: RUNS },
  );
  assert.ok(agreed > RUNS / 100, 'the generator must make good tokens too');
  assert.ok(stricter.size >= 4, `the generator must reach the stricter classes: ${[...stricter.keys()].join(', ')}`);
});
