export { fromEnv, create } from './fullmakt.ts';
export type { Fullmakt } from './fullmakt.ts';
export { inspectEnv } from './settings/inspect.ts';
export type { IssuerConfig, NoAudience, Options } from './settings/options.ts';
export type { NonEmpty, Result } from './result.ts';
export type { AnyAll } from './guards/any-all.ts';
export type { RequestLike } from './http/authenticate.ts';
export type { ValidateOptions } from './judge/validate.ts';
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
  TokenxMachineClaims,
  TokenxUserClaims,
} from './claims.ts';
export type { TokenHandle } from './token-handle.ts';
export type { Guard } from './guards/guard.ts';
export { allOf, anyOf, anyPrincipal } from './guards/guard.ts';
export { requireMachine, requireUser } from './guards/kind-guards.ts';
export { requireConsumer, requireGroup, requireRole, requireScope } from './guards/claim-guards.ts';
export { requireAcr } from './guards/acr.ts';
export { requireCaller } from './guards/caller-guard.ts';
export { AuthError } from './auth-error.ts';
export type { AuthErrorCode } from './auth-error.ts';
export { ConfigError } from './config-error.ts';
