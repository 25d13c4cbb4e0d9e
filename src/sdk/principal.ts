import type {
  Claims,
  EntraMachineClaims,
  EntraUserClaims,
  IdportenClaims,
  MaskinportenClaims,
  TokenxMachineClaims,
  TokenxUserClaims,
} from './claims.ts';
import type { TokenHandle } from './token-handle.ts';

/** Who issued a token, by the name it has in this product. `oidc:<name>` is an issuer of `FULLMAKT_ISSUERS`. */
export type Provider = 'entra_id' | 'tokenx' | 'idporten' | 'maskinporten' | `oidc:${string}`;

const BUILT_IN: ReadonlySet<string> = new Set(['entra_id', 'tokenx', 'idporten', 'maskinporten']);

/** Whether a name, of any origin, can be one of {@link Provider}. */
export function isProvider(name: unknown): name is Provider {
  return typeof name === 'string' && (BUILT_IN.has(name) || /^oidc:[a-z][a-z0-9_]{0,31}$/.test(name));
}

/** Who called, from a token that passed every check. Deeply frozen. */
export interface PrincipalOf<P extends Provider, K extends 'user' | 'machine' | 'unknown', C> {
  readonly provider: P;
  readonly kind: K;
  /** `oid` (Entra), organisation number (Maskinporten), else `sub`. */
  readonly id: string;
  readonly issuer: string;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  readonly claims: Readonly<C>;
  readonly token: TokenHandle;
  /** The calling application's name if the platform's caller list has it, else its client id. */
  readonly caller: string | undefined;
  /** Whether the caller list has the caller; undefined where there is no list for this provider. */
  readonly callerInPolicy: boolean | undefined;
  /** `scp` or `scope`, split on spaces. */
  readonly scopes: readonly string[];
  readonly acr: string | undefined;
}

/** An employee, by Entra ID. */
export type EntraUser = PrincipalOf<'entra_id', 'user', EntraUserClaims>;
/** An application, by Entra ID. */
export type EntraMachine = PrincipalOf<'entra_id', 'machine', EntraMachineClaims>;
/** A user, through a token exchanged at TokenX. */
export type TokenxUser = PrincipalOf<'tokenx', 'user', TokenxUserClaims>;
/** An application, by TokenX. */
export type TokenxMachine = PrincipalOf<'tokenx', 'machine', TokenxMachineClaims>;
/** A citizen, straight from ID-porten. */
export type IdportenUser = PrincipalOf<'idporten', 'user', IdportenClaims>;
/** Another organisation, by Maskinporten. */
export type MaskinportenMachine = PrincipalOf<'maskinporten', 'machine', MaskinportenClaims>;
/** Whoever a generic issuer says; `unknown` unless the configuration says which kind it issues for. One member for each kind, for guards to choose from. */
export type OidcPrincipal =
  | PrincipalOf<`oidc:${string}`, 'user', Claims>
  | PrincipalOf<`oidc:${string}`, 'machine', Claims>
  | PrincipalOf<`oidc:${string}`, 'unknown', Claims>;
/** Everyone a token can stand for. */
export type Principal =
  | EntraUser
  | EntraMachine
  | TokenxUser
  | TokenxMachine
  | IdportenUser
  | MaskinportenMachine
  | OidcPrincipal;
