import type { Client } from '../../registry/model.ts';
import type { ExchangeConfig, TokenAlgorithm } from '../config.ts';

/** What holds for tokens of one audience: its own wishes over the server's settings. */
export interface AudienceSettings {
  readonly alg: TokenAlgorithm;
  readonly typ: 'JWT' | 'at+jwt';
  readonly ttlSeconds: number;
  readonly capBySubject: boolean;
  readonly maxSessionSeconds: number | undefined;
  /** Every claim of the subject token but the reserved, or these alone; `all-legacy`: reserved ones too. */
  readonly claims: 'all' | 'all-legacy' | readonly string[];
  readonly act: boolean;
  readonly azp: boolean;
  /** `echo`: the token has no scope, the response repeats the request's. */
  readonly scope: 'enforce' | 'echo';
  readonly limitScopeBySubject: boolean;
}

/** Merges the target's manifest over the server's settings. */
export function audienceSettings(target: Client | undefined, config: ExchangeConfig): AudienceSettings {
  const own = target?.registration.provider === 'tokenx' ? target.registration.token : {};
  return {
    alg: own.alg ?? config.tokenAlg,
    typ: own.typ ?? config.tokenTyp,
    ttlSeconds: own.ttl ?? config.tokenTtlSeconds,
    capBySubject: own.capBySubject ?? config.tokenCapBySubject,
    maxSessionSeconds: own.maxSession ?? config.tokenMaxSessionSeconds,
    claims: own.claims ?? config.tokenClaims,
    act: own.act ?? config.tokenAct,
    azp: own.azp ?? config.tokenAzp,
    scope: own.scope ?? config.tokenScope,
    limitScopeBySubject: own.limitScopeBySubject ?? config.tokenLimitScopeBySubject,
  };
}
