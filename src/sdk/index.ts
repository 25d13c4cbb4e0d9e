export { fromEnv, create } from './fullmakt.ts';
export type { Fullmakt } from './fullmakt.ts';
export { inspectEnv } from './environment.ts';
export type { IssuerConfig, NoAudience, Options } from './options.ts';
export type { NonEmpty, Result } from './result.ts';
export type { AnyAll } from './any-all.ts';
export type { RequestLike } from './authenticate.ts';
export type { ValidateOptions } from './validate.ts';
export type { SdkEvent } from './events.ts';
export type { Algorithm } from '../oauth/algorithms.ts';
export type {
  EntraMachine,
  EntraUser,
  IdportenUser,
  MaskinportenMachine,
  OidcPrincipal,
  Principal,
  PrincipalOf,
  Provider,
  TokenxMachine,
  TokenxUser,
} from './principal.ts';
export type {
  Claims,
  EntraMachineClaims,
  EntraUserClaims,
  IdportenClaims,
  MaskinportenClaims,
  Organisation,
  TokenxMachineClaims,
  TokenxUserClaims,
} from './claims.ts';
export type { TokenHandle } from './token-handle.ts';
export type { Guard } from './guard.ts';
export { allOf, anyOf, anyPrincipal } from './guard.ts';
export { requireMachine, requireUser } from './kind-guards.ts';
export { requireConsumer, requireGroup, requireRole, requireScope } from './claim-guards.ts';
export { requireAcr } from './acr.ts';
export type { MinimumAcr } from './acr.ts';
export { requireCaller } from './caller-guard.ts';
export { AuthError } from './auth-error.ts';
export type { AuthErrorCode } from './auth-error.ts';
export { ConfigError } from './config-error.ts';
