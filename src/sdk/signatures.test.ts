import assert from 'node:assert/strict';
import test from 'node:test';
import * as sdk from './index.ts';
import type {
  AnyAll,
  AuthErrorCode,
  Claims,
  EntraMachine,
  EntraMachineClaims,
  EntraUser,
  EntraUserClaims,
  Fullmakt,
  Guard,
  IdportenClaims,
  IdportenUser,
  IssuerConfig,
  MaskinportenClaims,
  MaskinportenMachine,
  NonEmpty,
  Options,
  Principal,
  PrincipalOf,
  Provider,
  RequestLike,
  Result,
  SdkEvent,
  TokenHandle,
  TokenxMachine,
  TokenxMachineClaims,
  TokenxUser,
  TokenxUserClaims,
  ValidateOptions,
} from './index.ts';
import { alike, holds, same } from './testing/same-types.ts';

/*
 * The promised signatures (5), compared by the compiler: names, optionality, readonly and generics. What is promised is written out here a
 * second time on purpose. A difference is an error of types in this file.
 */

interface PromisedOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly fetch?: typeof globalThis.fetch;
  readonly clock?: () => number;
  readonly maskinporten?: { readonly requiredScope: AnyAll };
  readonly leewaySeconds?: number;
  readonly maxLifetimeSeconds?: number;
  readonly verifiedCache?: false | { readonly maxEntries?: number; readonly maxAgeSeconds?: number };
  readonly explain?: boolean;
  readonly telemetry?: { readonly trace?: object; readonly metrics?: object };
  readonly onEvent?: (event: SdkEvent) => void;
}

interface PromisedFullmakt {
  validate(token: string, options?: ValidateOptions): Promise<Result<{ principal: Principal }, sdk.AuthError>>;
  validateOrThrow(token: string, options?: ValidateOptions): Promise<Principal>;
  validateSync(token: string, options?: ValidateOptions): Result<{ principal: Principal }, sdk.AuthError>;
  authenticate<T extends Principal>(
    request: RequestLike,
    guard: Guard<T>,
  ): Promise<Result<{ principal: T }, sdk.AuthError>>;
  ready(): Promise<readonly { provider: Provider; ok: boolean; reason?: string }[]>;
  close(): void;
}

interface PromisedPrincipal<P extends Provider, K extends 'user' | 'machine' | 'unknown', C> {
  readonly provider: P;
  readonly kind: K;
  readonly id: string;
  readonly issuer: string;
  readonly expiresAt: number;
  readonly claims: Readonly<C>;
  readonly token: TokenHandle;
  readonly caller: string | undefined;
  readonly callerInPolicy: boolean | undefined;
  readonly scopes: readonly string[];
  readonly acr: string | undefined;
}

test('options, issuers and results are those that are promised (5)', () => {
  same<Options, PromisedOptions>();
  same<Provider, 'entra_id' | 'tokenx' | 'idporten' | 'maskinporten' | `oidc:${string}`>();
  same<
    sdk.Algorithm,
    'RS256' | 'RS384' | 'RS512' | 'PS256' | 'PS384' | 'PS512' | 'ES256' | 'ES384' | 'ES512' | 'EdDSA'
  >();
  same<NonEmpty<string>, readonly [string, ...string[]]>();
  same<AnyAll, string | { readonly any: NonEmpty<string> } | { readonly all: NonEmpty<string> }>();
  alike<Result<{ a: 1 }, 2>, { readonly ok: true; readonly a: 1 } | { readonly ok: false; readonly error: 2 }>();
  same<sdk.NoAudience, { readonly audienceNotIssued: true; readonly requiredScope: AnyAll }>();
  same<
    IssuerConfig,
    {
      readonly provider: Provider;
      readonly issuer: string;
      readonly keys: { readonly jwksUri: string } | { readonly wellKnownUrl: string } | { readonly jwks: object };
      readonly audience: NonEmpty<string> | sdk.NoAudience;
      readonly algorithms?: NonEmpty<sdk.Algorithm>;
      readonly kind?: 'user' | 'machine';
    }
  >();
  same<ValidateOptions, { readonly providers?: NonEmpty<Provider> }>();
  holds<
    {
      readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
      readonly rawHeaders?: readonly string[];
      readonly method?: string;
      readonly url?: string;
    },
    RequestLike
  >();
  same<keyof RequestLike, 'headers' | 'rawHeaders' | 'method' | 'url'>();
  assert.equal(typeof sdk.fromEnv, 'function');
});

test('principals are those that are promised, and claims know their own kind (5, 5.1)', () => {
  same<PrincipalOf<'tokenx', 'user', Claims>, PromisedPrincipal<'tokenx', 'user', Claims>>();
  same<EntraUser, PrincipalOf<'entra_id', 'user', EntraUserClaims>>();
  same<EntraMachine, PrincipalOf<'entra_id', 'machine', EntraMachineClaims>>();
  same<TokenxUser, PrincipalOf<'tokenx', 'user', TokenxUserClaims>>();
  same<TokenxMachine, PrincipalOf<'tokenx', 'machine', TokenxMachineClaims>>();
  same<IdportenUser, PrincipalOf<'idporten', 'user', IdportenClaims>>();
  same<MaskinportenMachine, PrincipalOf<'maskinporten', 'machine', MaskinportenClaims>>();
  alike<sdk.OidcPrincipal, PrincipalOf<`oidc:${string}`, 'user' | 'machine' | 'unknown', Claims>>();
  alike<
    Principal,
    EntraUser | EntraMachine | TokenxUser | TokenxMachine | IdportenUser | MaskinportenMachine | sdk.OidcPrincipal
  >();
  same<TokenHandle, { reveal(): string }>();
  alike<Extract<Principal, { provider: 'entra_id'; kind: 'user' }>, EntraUser>();
  same<EntraUser['claims']['scp'], string>();
  same<EntraMachine['claims']['idtyp'], 'app'>();
  same<MaskinportenMachine['claims']['consumer']['ID'], string>();
  assert.equal(typeof sdk.anyPrincipal, 'function');
});

test('functions, guards and errors are those that are promised (5)', () => {
  same<typeof sdk.fromEnv, (options?: Options) => Fullmakt>();
  same<typeof sdk.create, (issuers: NonEmpty<IssuerConfig>, options?: Options) => Fullmakt>();
  alike<
    typeof sdk.inspectEnv,
    (env?: Options['env']) => readonly {
      readonly provider: Provider;
      readonly use: 'validate' | 'acquire';
      readonly missing: readonly string[];
    }[]
  >();
  holds<Fullmakt, PromisedFullmakt>();
  alike<
    Guard<TokenxUser>,
    {
      (principal: Principal): Result<object, sdk.AuthError>;
      readonly text: string;
      readonly needs?: 'caller-list';
      readonly allows?: TokenxUser;
    }
  >();
  same<typeof sdk.allOf, PromisedAllOf>();
  same<typeof sdk.anyOf, <A extends Principal, B extends Principal>(a: Guard<A>, b: Guard<B>) => Guard<A | B>>();
  same<ReturnType<typeof sdk.requireUser<'tokenx' | 'idporten'>>, Guard<TokenxUser | IdportenUser>>();
  same<ReturnType<typeof sdk.requireMachine<'entra_id'>>, Guard<EntraMachine>>();
  same<typeof sdk.requireScope, (rule: AnyAll) => Guard>();
  same<typeof sdk.requireRole, (rule: AnyAll) => Guard<EntraUser | EntraMachine | TokenxMachine>>();
  same<typeof sdk.requireGroup, (rule: AnyAll) => Guard<EntraUser>>();
  same<typeof sdk.requireAcr, (minimum: 'substantial' | 'high' | 'eidas-substantial' | 'eidas-high') => Guard>();
  same<typeof sdk.requireCaller, (...callers: string[]) => Guard>();
  same<typeof sdk.requireConsumer, (...organisationNumbers: NonEmpty<string>) => Guard<MaskinportenMachine>>();
  same<typeof sdk.anyPrincipal, Guard>();
  holds<
    sdk.AuthError,
    Error & {
      readonly code: AuthErrorCode;
      readonly status: 400 | 401 | 403 | 503;
      readonly retryAfterSeconds?: number;
      readonly explanation?: string;
      challenge(options?: { realm?: string; resourceMetadata?: string }): string | undefined;
    }
  >();
  holds<sdk.ConfigError, Error & { readonly findings: readonly string[] }>();
  assert.equal(typeof sdk.allOf, 'function');
});

type PromisedAllOf = <A extends Principal, B extends Principal>(
  a: Guard<A>,
  b: Guard<B>,
  ...more: Guard[]
) => Guard<Extract<A, B>>;
