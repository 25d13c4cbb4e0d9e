import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as fc from 'fast-check';
import { type CryptoKey, compactVerify, importJWK, SignJWT } from 'jose';
import { type Algorithm, ALL_ALGORITHMS, signBytes } from '../../src/oauth/algorithms.ts';
import { decodeBase64Url, encodeBase64Url } from '../../src/oauth/base64url.ts';
import {
  generatePrivateJwk,
  importSigningKey,
  importVerificationKey,
  type PrivateJwk,
  publicJwk,
  type SigningKey,
  type VerificationKey,
} from '../../src/oauth/jwk.ts';
import { JoseError, parseCompactJws, signJws, verifySignature } from '../../src/oauth/jws.ts';
import { parseStrictJson, StrictJsonError } from '../../src/oauth/strict-json.ts';
import { isFull } from '../adversarial/scale.ts';

/** So many tokens at every change, and for the bar. */
const RUNS = isFull ? 100_000 : 5000;

interface Pair {
  readonly alg: Algorithm;
  readonly privateJwk: PrivateJwk;
  readonly signing: SigningKey;
  readonly verification: VerificationKey;
  readonly josePrivate: CryptoKey;
  readonly josePublic: CryptoKey;
}

/** Why we refuse what jose accepts. Every such refusal must be in one of these classes. */
type Stricter =
  | 'token too long'
  | 'base64url not canonical'
  | 'header not strict JSON'
  | 'header member refused'
  | 'kid malformed'
  | 'type refused'
  | 'empty kid';

async function pairOf(alg: 'RS256' | 'PS256' | 'ES256' | 'EdDSA'): Promise<Pair> {
  const privateJwk = await generatePrivateJwk(alg);
  const josePrivate = await importJWK({ ...privateJwk }, alg);
  const josePublic = await importJWK({ ...publicJwk(privateJwk) }, alg);
  assert.ok(!(josePrivate instanceof Uint8Array) && !(josePublic instanceof Uint8Array));
  return {
    alg,
    privateJwk,
    signing: importSigningKey(privateJwk),
    verification: importVerificationKey(publicJwk(privateJwk)),
    josePrivate,
    josePublic,
  };
}

function weAccept(token: string, key: VerificationKey): boolean {
  try {
    return verifySignature(parseCompactJws(token), key);
  } catch (error) {
    assert.ok(error instanceof JoseError, String(error));
    return false;
  }
}

async function joseAccepts(token: string, { josePublic }: Pair): Promise<boolean> {
  try {
    await compactVerify(token, josePublic, { algorithms: [...ALL_ALGORITHMS, 'Ed25519'] });
    return true;
  } catch {
    return false;
  }
}

/** The class a stricter refusal of ours belongs to, found from the token alone; undefined if none explains it. */
function stricterClass(token: string): Stricter | undefined {
  if (token.length > 16_384) return 'token too long';
  const segments = token.split('.');
  if (segments.some((segment) => decodeBase64Url(segment) === undefined)) return 'base64url not canonical';
  const bytes = decodeBase64Url(segments[0] ?? '') ?? Buffer.alloc(0);
  let header: unknown;
  try {
    header = parseStrictJson(bytes);
  } catch (error) {
    assert.ok(error instanceof StrictJsonError);
    return 'header not strict JSON';
  }
  assert.ok(typeof header === 'object' && header !== null);
  if (['crit', 'b64', 'zip', 'jku', 'x5u', 'cty', 'jwk'].some((name) => Object.hasOwn(header, name)))
    return 'header member refused';
  const kid: unknown = 'kid' in header ? header.kid : undefined;
  if (kid === '') return 'empty kid';
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > 256)) return 'kid malformed';
  const typ: unknown = 'typ' in header ? header.typ : 'JWT';
  const usual = typeof typ === 'string' && /^(?:application\/)?(?:jwt|at\+jwt)$/iu.test(typ);
  return usual ? undefined : 'type refused';
}

const anyMembers = fc.record(
  {
    typ: fc.constantFrom<unknown>('JWT', 'jwt', 'at+jwt', 'application/at+jwt', 'JOSE', 'logout+jwt', 7),
    kid: fc.constantFrom<unknown>('k', '', 'x'.repeat(257), 7, '../../etc'),
    cty: fc.constant('JWT'),
    crit: fc.constantFrom<unknown>(['exp'], ['b64'], []),
    b64: fc.boolean(),
    jku: fc.constant('https://evil.test/jwks'),
    x5u: fc.constant('https://evil.test/x'),
    x5c: fc.constant(['AAAA']),
    zip: fc.constant('DEF'),
    extra: fc.jsonValue(),
  },
  { requiredKeys: [] },
);

/** Mostly no oddity or one, so that many tokens are good. */
const headerMembers: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
  { weight: 2, arbitrary: fc.constant({}) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(anyMembers, fc.nat())
      .map(([members, at]) =>
        Object.fromEntries([Object.entries(members)].flatMap((all) => all.slice(at % (all.length + 1)).slice(0, 1))),
      ),
  },
  { weight: 1, arbitrary: anyMembers },
);

/** One fault, or none, in a token that was right. */
type Mutation = (token: string) => string;

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Mutation>((token) => token) },
  fc
    .tuple(fc.nat(), fc.constantFrom('A', 'B', '_', '-', '=', '+', '.', ' ', '\n', ''))
    .map(([at, text]) => (token: string) => {
      const index = at % token.length;
      return token.slice(0, index) + text + token.slice(index + 1);
    }),
  fc.tuple(fc.nat(), fc.constantFrom('A', '=', '.', '\n', '\u00e6')).map(([at, text]) => (token: string) => {
    const index = at % (token.length + 1);
    return token.slice(0, index) + text + token.slice(index);
  }),
  fc.nat().map((cut) => (token: string) => token.slice(0, cut % token.length)),
  fc.constantFrom<Mutation>(
    (token) => `${token}=`,
    (token) => ` ${token}`,
    (token) => `${token}.`,
    (token) => token.replace(/\.[^.]*$/u, '.'),
    (token) => token.split('.').toReversed().join('.'),
  ),
);

describe('differential: our verifier and jose (security.md 8, B3)', () => {
  let pairs: readonly Pair[];
  before(async () => {
    pairs = await Promise.all((['RS256', 'PS256', 'ES256', 'EdDSA'] as const).map(pairOf));
  });

  test('what we sign verifies in jose, and what jose signs verifies here', async () => {
    for (const pair of pairs) {
      for (let at = 0; at < 20; at += 1) {
        const ours = await signJws({ typ: 'JWT' }, { at, text: '\u00e6\u{1f600}' }, pair.signing);
        assert.equal(await joseAccepts(ours, pair), true);
        const theirs = await new SignJWT({ at })
          .setProtectedHeader({ alg: pair.alg, kid: pair.signing.kid })
          .sign(pair.josePrivate);
        assert.equal(weAccept(theirs, pair.verification), true);
      }
    }
  });

  test('on thousands of right, odd and broken tokens we agree, or are stricter in a class that has a name', async () => {
    const stricter = new Map<Stricter, number>();
    let agreedToAccept = 0;
    const one = fc.tuple(
      fc.nat(3),
      headerMembers,
      fc.option(mutation, { nil: undefined }),
      fc.constantFrom<string | undefined>(
        undefined,
        undefined,
        undefined,
        'none',
        'HS256',
        'RS256',
        'ES256',
        'PS256',
        'EdDSA',
        'Ed25519',
      ),
    );
    await fc.assert(
      fc.asyncProperty(one, async ([index, members, mutate, otherAlg]) => {
        const pair = pairs[index];
        assert.ok(pair);
        const input = `${encodeBase64Url(JSON.stringify({ ...members, alg: otherAlg ?? pair.alg }))}.${encodeBase64Url('{"a":1}')}`;
        const right = `${input}.${encodeBase64Url(await signBytes(pair.alg, pair.signing.key, Buffer.from(input)))}`;
        const token = mutate?.(right) ?? right;
        const ours = weAccept(token, pair.verification);
        const theirs = await joseAccepts(token, pair);
        if (ours) assert.equal(theirs, true, `we accept and jose refuses: ${token}`);
        if (ours) agreedToAccept += 1;
        if (!ours && theirs) {
          const why = stricterClass(token);
          assert.ok(why !== undefined, `jose accepts and we refuse without a named reason: ${token}`);
          stricter.set(why, (stricter.get(why) ?? 0) + 1);
        }
      }),
      { numRuns: RUNS },
    );
    assert.ok(agreedToAccept > 200, 'the generator must make good tokens too');
    assert.ok(stricter.size >= 3, 'the generator must reach the stricter classes');
  });

  test('a header that repeats a name is accepted by jose and refused here', async () => {
    for (const pair of pairs) {
      const input = `${encodeBase64Url(`{"alg":"none","alg":"${pair.alg}"}`)}.${encodeBase64Url('{}')}`;
      const token = `${input}.${encodeBase64Url(await signBytes(pair.alg, pair.signing.key, Buffer.from(input)))}`;
      assert.equal(await joseAccepts(token, pair), true);
      assert.equal(weAccept(token, pair.verification), false);
      assert.equal(stricterClass(token), 'header not strict JSON');
    }
  });
});
