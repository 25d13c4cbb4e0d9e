import { createPublicKey, verify } from 'node:crypto';
import { JwtVerifier } from 'aws-jwt-verify';
import { createVerifier } from 'fast-jwt';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { importVerificationKey } from '../../src/oauth/jwk.ts';
import { create } from '../../src/sdk/index.ts';
import { AUDIENCE, ISSUER } from './tokens.ts';
import type { TokenWorld } from './tokens.ts';

/** Somebody who judges a token; throws or rejects when it is refused. */
export interface Contender {
  readonly name: string;
  readonly run: (token: string) => unknown;
}

/** Everyone who can do this algorithm, each told the same issuer, audience and algorithm. */
export function contendersFor(world: TokenWorld): readonly Contender[] {
  return [raw(world), ...ours(world), ...peers(world)];
}

/** The cryptography alone, which gets its two byte strings from the token. */
function raw({ alg, jwk }: TokenWorld): Contender {
  const { key } = importVerificationKey(jwk);
  const digest = alg === 'EdDSA' ? null : 'sha256';
  const by = alg === 'ES256' ? ({ key, dsaEncoding: 'ieee-p1363' } as const) : key;
  return {
    name: 'crypto.verify',
    run: (token) => {
      const at = token.lastIndexOf('.');
      const signature = Buffer.from(token.slice(at + 1), 'base64url');
      if (!verify(digest, Buffer.from(token.slice(0, at), 'latin1'), by, signature)) throw new Error('refused');
    },
  };
}

function ours({ alg, jwk }: TokenWorld): readonly Contender[] {
  const issuer = {
    provider: 'tokenx',
    issuer: ISSUER,
    keys: { jwks: { keys: [jwk] } },
    audience: [AUDIENCE],
    algorithms: [alg],
  } as const;
  const plain = create([issuer], { env: {} });
  const cached = create([issuer], { env: {}, verifiedCache: {} });
  return [
    {
      name: 'ours',
      run: (token) => {
        if (!plain.validateSync(token).ok) throw new Error('refused');
      },
    },
    { name: 'ours awaited', run: (token) => plain.validateOrThrow(token) },
    { name: 'ours cached', run: (token) => cached.validateOrThrow(token) },
  ];
}

function peers({ alg, jwk }: TokenWorld): readonly Contender[] {
  const jwks = { keys: [jwk] };
  const keySet = createLocalJWKSet(jwks);
  const rules = { issuer: ISSUER, audience: AUDIENCE, algorithms: [alg] };
  const pem = createPublicKey({ key: { ...jwk }, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  const fast = { key: pem, algorithms: [alg], allowedIss: ISSUER, allowedAud: AUDIENCE };
  const [uncached, cached] = [createVerifier({ ...fast, cache: false }), createVerifier({ ...fast, cache: 1000 })];
  const aws = JwtVerifier.create({ issuer: ISSUER, audience: AUDIENCE, jwksUri: `${ISSUER}/jwks` });
  aws.cacheJwks({ keys: [{ ...jwk, use: 'sig', alg }] });
  return [
    { name: 'jose', run: (token) => jwtVerify(token, keySet, rules) },
    { name: 'fast-jwt', run: (token) => uncached(token) },
    { name: 'fast-jwt cached', run: (token) => cached(token) },
    { name: 'aws-jwt-verify', run: (token) => aws.verifySync(token) },
  ];
}
