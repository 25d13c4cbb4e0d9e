import { isAlgorithm } from './algorithms.ts';
import type { Algorithm } from './algorithms.ts';
import type { KeySet } from './jwks.ts';
import type { HeaderMemo } from './jws-header.ts';
import { JoseError, parseCompactJws } from './jws.ts';
import type { ParsedJws } from './jws.ts';
import { checkClaims, checkJwsSignature } from './jwt.ts';
import type { Claims } from './jwt.ts';
import { isJsonObject } from './objects.ts';
import { parseStrictJson } from './strict-json.ts';

/** When and how generously a token is judged. */
export interface JudgeOptions {
  /** Seconds since the epoch. */
  readonly now: number;
  readonly leewaySeconds: number;
}

/** What of an issuer its tokens are judged by. */
export interface JudgedBy {
  readonly keySet: Pick<KeySet, 'keysFor'>;
  readonly headers?: HeaderMemo;
  /** What the issuer calls itself where that is known with its keys; `settings.issuer` unless given. */
  readonly issuerName?: () => string;
  readonly settings: {
    readonly issuer: string;
    /** Undefined where the issuer names none. */
    readonly audience: readonly string[] | undefined;
    readonly algorithms: readonly Algorithm[];
  };
}

/** What a good token says, and the text it says it with. */
export interface GoodToken {
  readonly claims: Claims;
  readonly text: string;
}

/**
 * Judges a token of one issuer as introspection does, in the order of sidecar-sdk.md 2.2. Throws JoseError, of which `keys_unavailable` says nothing about
 * the token, and PayloadRefused.
 */
export async function judgeToken(token: string, provider: JudgedBy, options: JudgeOptions): Promise<GoodToken> {
  const jws = parseCompactJws(token, provider.headers === undefined ? {} : { memo: provider.headers });
  const { kid, alg } = jws.header;
  if (!isAlgorithm(alg)) throw new JoseError('header_refused', 'the algorithm is not known');
  if (jws.payload.length === 0) throw new JoseError('token_malformed', 'a segment is empty');
  if (kid === undefined) throw new JoseError('key_id_missing', 'the token names no key');
  const { audience, algorithms } = provider.settings;
  const keys = await provider.keySet.keysFor(kid, alg);
  checkJwsSignature(jws, keys, { algorithms, kidRequired: true });
  const claims = parsePayload(jws);
  checkClaims(claims, {
    now: options.now,
    skewSeconds: options.leewaySeconds,
    // Asked for now: with the keys came what the provider calls itself.
    issuer: provider.issuerName?.() ?? provider.settings.issuer,
    ...(audience === undefined ? {} : { audience }),
  });
  return { claims, text: jws.payload.toString('utf8') };
}

function parsePayload(jws: ParsedJws): Claims {
  try {
    const claims = parseStrictJson(jws.payload);
    if (isJsonObject(claims)) return claims;
  } catch {
    // Refused below, like any other payload that is not an object.
  }
  throw new PayloadRefused();
}

/** The signature was right, but the payload is no claims set. */
export class PayloadRefused extends Error {}
