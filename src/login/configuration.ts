/** What the login proxy runs with. */
import type { Algorithm } from '../oauth/algorithms.ts';
import type { SigningKey } from '../oauth/jwk.ts';
import type { LocalIssuers } from '../oauth/local-issuers.ts';
import type { ClientCredential } from '../providers/client-authentication.ts';
import type { ProviderKind } from '../providers/kinds.ts';
import type { ConfiguredEndpoints } from '../providers/metadata.ts';
import type { Address } from '../settings.ts';
import type { Ingress } from './ingress.ts';
import type { PageLocale } from './pages/locale.ts';
import type { Laxness } from './proxy/path.ts';
import type { CsrfGuard, RuleSetting } from './proxy/rules.ts';
import type { Lifetimes } from './session/times.ts';
import type { LogLevel } from './settings/running.ts';
import type { ForwardAuthHeaders, Role } from './settings/sso.ts';
import type { TelemetryConfig } from './settings/telemetry.ts';
import type { UpstreamRoute } from './settings/upstreams.ts';

/** One provider and our client there. */
export interface ProviderConfig {
  /** Name in records, cookies, routes and events. */
  readonly name: string;
  /** The first of the list: it has the bare callback and logout routes, and the bare session cookie. */
  readonly isDefault: boolean;
  readonly kind: ProviderKind;
  /** Empty where another instance speaks with the provider, and nobody has said which client it is. */
  readonly clientId: string;
  readonly credential: ClientCredential;
  /** Empty as the client id may be. */
  readonly wellKnownUrl: string;
  /** Undefined = the one that the well-known URL shows. */
  readonly issuer: string | undefined;
  /** What is set here is not taken from metadata. */
  readonly endpoints: ConfiguredEndpoints;
  /** Whose people may sign in where tenants share an issuer. */
  readonly tenants: readonly string[];
  /** Asked for, and required of every session. */
  readonly level: string | undefined;
  readonly locale: string | undefined;
  readonly scopes: readonly string[];
  readonly resource: string | undefined;
  readonly audiences: readonly string[];
  /** Of the provider's keys that name none. */
  readonly jwksFallbackAlg: Algorithm;
  readonly domainHint: string | undefined;
  readonly userinfo: boolean;
  readonly postLogoutRedirectUri: string | undefined;
}

/** Single sign-on of one domain. */
export interface SsoConfig {
  readonly domain: string;
  readonly sessionCookieName: string;
  /** Public URL of the server; what a proxy needs. */
  readonly serverUrl: string | undefined;
  /** Where the server sends whoever has no target. */
  readonly defaultRedirectUrl: string | undefined;
}

/** What `createLogin` runs with. */
export interface LoginConfig extends TelemetryConfig {
  readonly role: Role;
  /** Set in the SSO roles, and in forward-auth where one domain shares the session. */
  readonly sso: SsoConfig | undefined;
  readonly forwardAuth: { readonly enabled: boolean; readonly headers: ForwardAuthHeaders };
  /** Longest path first. */
  readonly upstreams: readonly UpstreamRoute[];
  /** Our client at TokenX; undefined = no route is exchanged there. */
  readonly tokenx: { readonly wellKnownUrl: string; readonly clientId: string; readonly key: SigningKey } | undefined;
  readonly csrf: CsrfGuard;
  /** Whether an application's own challenge (RFC 9470) begins a stronger login. */
  readonly honourUpstreamStepUp: boolean;
  readonly headerBytes: number;
  readonly accessLogs: boolean;
  readonly shutdown: { readonly waitSeconds: number; readonly graceSeconds: number };
  /** A listener of its own for probes; undefined = they are on the metrics listener alone. */
  readonly probeAddress: Address | undefined;
  readonly ingresses: readonly Ingress[];
  readonly bindAddress: Address;
  /** Undefined = no metrics and probes. */
  readonly metricsAddress: Address | undefined;
  readonly upstream: string;
  readonly autoLogin: boolean;
  readonly ignorePaths: readonly string[];
  readonly rules: readonly RuleSetting[];
  /** The first is the default. */
  readonly providers: readonly [ProviderConfig, ...ProviderConfig[]];
  /** 32 bytes each; the first seals, all open. Empty = nobody has given any: whoever starts the proxy finds or makes one. */
  readonly sessionKeys: readonly Uint8Array[];
  readonly lifetimes: Lifetimes;
  readonly onTokenExpiry: 'end' | 'keep';
  readonly trustedProxies: readonly string[];
  readonly localProviders: LocalIssuers;
  readonly cookie: {
    readonly prefix: string;
    readonly secure: boolean;
    readonly sameSite: 'Lax' | 'Strict' | 'None';
  };
  readonly serviceHosts: readonly string[];
  /** Origins whose pages may ask us for state changes and read our answers: ingresses and `cors.origins`. */
  readonly allowedOrigins: readonly string[];
  readonly pathAllow: readonly Laxness[];
  readonly logout: { readonly method: 'auto' | 'GET' | 'POST'; readonly revoke: boolean };
  readonly upstreamIdToken: boolean;
  readonly rateLimit: { readonly enabled: boolean; readonly logins: number; readonly windowSeconds: number };
  /** Language of our pages for those who ask for none that we speak. */
  readonly pagesLocale: PageLocale;
  readonly compat: {
    readonly authorizationPassthrough: boolean;
    readonly anyHost: boolean;
    readonly unguardedGet: boolean;
  };
}

/** What whoever starts the proxy needs to know besides: where things are kept, and what is logged. */
export interface LoginServer {
  /** `memory:`, `sqlite:<file>`, or the address of Valkey or Redis. */
  readonly store: string;
  /** Undefined = idle connections are kept. */
  readonly storeIdleSeconds: number | undefined;
  readonly sessionKeysFile: string | undefined;
  readonly logLevel: LogLevel;
  readonly logFormat: 'json' | 'text';
  readonly auditFile: string | undefined;
}
