import { importSigningKey, generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import type { PublicJwk } from '../../src/oauth/jwk.ts';
import { signJws } from '../../src/oauth/jws.ts';

/** The algorithms that are compared. */
export const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const;

export type BenchAlgorithm = (typeof ALGORITHMS)[number];

export const ISSUER = 'https://tokenx.example.test';
export const AUDIENCE = 'local:fleet:register';
/** What a token of the real provider has, within a few characters. */
const CHARACTERS = 900;
const TOKENS = 100;

/** Tokens of one issuer, and its key. */
export interface TokenWorld {
  readonly alg: BenchAlgorithm;
  readonly jwk: PublicJwk;
  readonly tokens: readonly string[];
}

/** A hundred tokens that differ, each as long as such tokens are. */
export async function makeTokens(alg: BenchAlgorithm): Promise<TokenWorld> {
  const jwk = await generatePrivateJwk(alg, 'bench-key');
  const key = importSigningKey(jwk);
  const bare = await signJws({ typ: 'JWT' }, claims(0, ''), key);
  // Four characters of base64url are three of JSON.
  const filling = 'x'.repeat(Math.max(0, Math.round(((CHARACTERS - bare.length) * 3) / 4)));
  const tokens = await Promise.all(
    Array.from({ length: TOKENS }, (_each, at) => signJws({ typ: 'JWT' }, claims(at, filling), key)),
  );
  return { alg, jwk: publicJwk(jwk), tokens };
}

function claims(at: number, filling: string): object {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: ISSUER,
    aud: AUDIENCE,
    iat: now,
    nbf: now,
    exp: now + 3600,
    jti: `b5d3f7a0-5b1e-4c0e-9c58-6a8f5f1f${String(at).padStart(4, '0')}`,
    sub: 'c0ffee00-0000-4000-8000-000000000001',
    client_id: 'local:fleet:permit',
    idp: 'https://idporten.example.test',
    acr: 'idporten-loa-high',
    auth_time: now,
    filling,
  };
}

/** So many strings that nobody has seen before, as a server gets them: equal texts, but no string twice. */
export function freshTokens({ tokens }: TokenWorld, count: number): readonly string[] {
  return Array.from({ length: count }, (_each, at) => Buffer.from(tokens[at % tokens.length] ?? '').toString('latin1'));
}
