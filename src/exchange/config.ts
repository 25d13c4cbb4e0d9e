import { DAY, HOUR } from '../oauth/time.ts';
import type { TokenxTokenSettings, WildcardGrants } from '../registry/model.ts';
import { address, boolean, json, list, oneOf, seconds, text } from '../settings.ts';
import type { SettingsTable } from '../settings.ts';
import { errorProfiles } from './errors.ts';
import type { ErrorProfile } from './errors.ts';
import { parseOperators } from './operators/operator-settings.ts';
import type { OperatorSettings } from './operators/operator-settings.ts';
import { claimNames, issuerUrl, within } from './setting-kinds.ts';
import { parseTrustedIssuers } from './subject/trusted-issuer.ts';
import type { TrustedIssuer } from './subject/trusted-issuer.ts';

/** The algorithms a token may be signed with. */
export type TokenAlgorithm = NonNullable<TokenxTokenSettings['alg']>;

/** Everything the exchange server can be told. Durations are seconds. */
export interface ExchangeConfig {
  /** Whose place this server takes. */
  readonly compat: 'none' | 'tokendings';
  readonly errors: ErrorProfile;
  readonly issuer: string;
  readonly bind: { readonly host: string; readonly port: number };
  /** Where administration and figures are served; absent = at `bind`. */
  readonly internalBind?: { readonly host: string; readonly port: number };
  readonly issuers: readonly TrustedIssuer[];
  readonly operators: readonly OperatorSettings[];
  readonly assertionMaxLifetimeSeconds: number;
  /** `whole`: from `iat` to `exp`; `remaining`: what is left of it in whole seconds, without leeway. */
  readonly assertionLifetimeRule: 'whole' | 'remaining';
  readonly assertionAcceptTokenEndpointAudience: boolean;
  readonly assertionRequireIat: boolean;
  readonly assertionRequireNbf: boolean;
  readonly skewSeconds: number;
  readonly replay: 'on' | 'off';
  readonly subjectTokenTypes: readonly string[];
  readonly tokenAlg: TokenAlgorithm;
  readonly tokenTyp: 'JWT' | 'at+jwt';
  readonly tokenTtlSeconds: number;
  readonly tokenCapBySubject: boolean;
  readonly tokenMaxSessionSeconds?: number;
  readonly tokenClaims: 'all' | 'all-legacy' | readonly string[];
  readonly tokenAct: boolean;
  readonly tokenAzp: boolean;
  readonly tokenScope: 'enforce' | 'echo';
  readonly tokenLimitScopeBySubject: boolean;
  /** Written to the registry at the start; absent = as it is there. */
  readonly wildcardGrants?: WildcardGrants;
  readonly registryStaleLimitSeconds: number;
  readonly keysMaxAgeSeconds: number;
  readonly keysStagedForSeconds: number;
  readonly keysActiveForSeconds: number;
  readonly keysRetiredForSeconds: number;
  /** Keys the pseudonyms of users in the audit log; without it they can be compared within one run only. */
  readonly auditKey?: string;
}

/** Says whose place the server takes; other settings depend on it. */
export const COMPAT_VARIABLE: string = 'FULLMAKT_EXCHANGE_COMPAT';

/** The settings of `fullmakt exchange`, with their defaults. */
export const exchangeSettings: SettingsTable<ExchangeConfig> = {
  compat: oneOf(['none', 'tokendings'])({
    env: COMPAT_VARIABLE,
    says: 'Takes the place of a tokendings server: other defaults, and its variables are read (docs/migrating-from-tokendings.md).',
    fallback: 'none',
  }),
  errors: oneOf(errorProfiles)({
    env: 'FULLMAKT_EXCHANGE_ERRORS',
    says: 'Whose status, codes and order of checks refusals have.',
    fallback: 'rfc',
  }),
  issuer: issuerUrl({
    env: 'FULLMAKT_EXCHANGE_ISSUER',
    says: 'The issuer of the tokens, and the base of every endpoint: https, or http on this machine.',
  }),
  bind: address({
    env: 'FULLMAKT_EXCHANGE_BIND',
    says: 'Where the server listens.',
    fallback: { host: '127.0.0.1', port: 7440 },
  }),
  internalBind: address({
    env: 'FULLMAKT_EXCHANGE_INTERNAL_BIND',
    says: 'Where administration, `/explain` and the figures are served instead of the public address.',
    optional: true,
  }),
  issuers: json<readonly TrustedIssuer[]>(parseTrustedIssuers)({
    env: 'FULLMAKT_EXCHANGE_ISSUERS',
    says: 'The issuers whose tokens may be exchanged, as a JSON list.',
    fallback: [],
  }),
  operators: json<readonly OperatorSettings[]>(parseOperators)({
    env: 'FULLMAKT_EXCHANGE_OPERATORS',
    says: 'Who may register clients, explain, revoke and rotate keys with bearer tokens, as a JSON list.',
    fallback: [],
  }),
  assertionMaxLifetimeSeconds: within(1, 3600, {
    env: 'FULLMAKT_EXCHANGE_ASSERTION_MAX_LIFETIME',
    says: 'How long a client assertion may live.',
    fallback: 120,
  }),
  assertionLifetimeRule: oneOf(['whole', 'remaining'])({
    env: 'FULLMAKT_EXCHANGE_ASSERTION_LIFETIME_RULE',
    says: 'What of a client assertion is measured: its whole life, or what is left of it.',
    fallback: 'whole',
  }),
  assertionAcceptTokenEndpointAudience: boolean({
    env: 'FULLMAKT_EXCHANGE_ASSERTION_ACCEPT_TOKEN_ENDPOINT_AUDIENCE',
    says: 'Whether a client assertion may name the token endpoint instead of the issuer.',
    fallback: true,
  }),
  assertionRequireIat: boolean({
    env: 'FULLMAKT_EXCHANGE_ASSERTION_REQUIRE_IAT',
    says: 'Whether a client assertion must have iat.',
    fallback: false,
  }),
  assertionRequireNbf: boolean({
    env: 'FULLMAKT_EXCHANGE_ASSERTION_REQUIRE_NBF',
    says: 'Whether a client assertion must have nbf.',
    fallback: false,
  }),
  skewSeconds: within(0, 60, {
    env: 'FULLMAKT_EXCHANGE_SKEW',
    says: 'How far the clocks of clients and issuers may be off, at most 60 s.',
    fallback: 10,
  }),
  replay: oneOf(['on', 'off'])({
    env: 'FULLMAKT_EXCHANGE_REPLAY',
    says: 'Whether a client assertion is good for one request only.',
    fallback: 'on',
  }),
  subjectTokenTypes: list({
    env: 'FULLMAKT_EXCHANGE_SUBJECT_TOKEN_TYPES',
    says: 'Accepted kinds of subject token: jwt, access_token.',
    fallback: ['jwt', 'access_token'],
  }),
  tokenAlg: oneOf(['RS256', 'ES256', 'EdDSA', 'PS256'])({
    env: 'FULLMAKT_EXCHANGE_TOKEN_ALG',
    says: 'The signature algorithm of tokens whose audience names none.',
    fallback: 'RS256',
  }),
  tokenTyp: oneOf(['JWT', 'at+jwt'])({
    env: 'FULLMAKT_EXCHANGE_TOKEN_TYP',
    says: 'The header type of tokens whose audience names none.',
    fallback: 'JWT',
  }),
  tokenTtlSeconds: within(30, 3600, {
    env: 'FULLMAKT_EXCHANGE_TOKEN_TTL',
    says: 'How long a token lives, 30 s to 1 h.',
    fallback: 900,
  }),
  tokenCapBySubject: boolean({
    env: 'FULLMAKT_EXCHANGE_TOKEN_CAP_BY_SUBJECT',
    says: 'Whether a token ends no later than the one it was exchanged for.',
    fallback: true,
  }),
  tokenMaxSessionSeconds: seconds({
    env: 'FULLMAKT_EXCHANGE_TOKEN_MAX_SESSION',
    says: 'How long after the login tokens may live.',
    optional: true,
  }),
  tokenClaims: claimNames({
    env: 'FULLMAKT_EXCHANGE_TOKEN_CLAIMS',
    says: 'Claims of the subject token that are copied: all but the reserved, these alone, or all-legacy (reserved ones too).',
    fallback: 'all',
  }),
  tokenAct: boolean({
    env: 'FULLMAKT_EXCHANGE_TOKEN_ACT',
    says: 'Whether tokens carry the chain of applications they passed through.',
    fallback: true,
  }),
  tokenAzp: boolean({
    env: 'FULLMAKT_EXCHANGE_TOKEN_AZP',
    says: 'Whether tokens carry azp beside client_id.',
    fallback: true,
  }),
  tokenScope: oneOf(['enforce', 'echo'])({
    env: 'FULLMAKT_EXCHANGE_TOKEN_SCOPE',
    says: 'Whether scopes are granted by rules, or the scope parameter is repeated without effect.',
    fallback: 'enforce',
  }),
  tokenLimitScopeBySubject: boolean({
    env: 'FULLMAKT_EXCHANGE_TOKEN_LIMIT_SCOPE_BY_SUBJECT',
    says: 'Whether the scope of a subject token limits that of the new one.',
    fallback: true,
  }),
  wildcardGrants: oneOf(['network-only', 'tokens'])({
    env: 'FULLMAKT_EXCHANGE_WILDCARD_GRANTS',
    says: 'Whether a `*` in an inbound rule gives tokens; without it, what the registry says.',
    optional: true,
  }),
  registryStaleLimitSeconds: within(1, HOUR, {
    env: 'FULLMAKT_EXCHANGE_REGISTRY_STALE_LIMIT',
    says: 'How long rules are served that could not be confirmed; then every answer is 503.',
    fallback: 10,
  }),
  keysMaxAgeSeconds: within(1, DAY, {
    env: 'FULLMAKT_EXCHANGE_KEYS_MAX_AGE',
    says: 'How long validators may cache the published keys.',
    fallback: 300,
  }),
  keysStagedForSeconds: seconds({
    env: 'FULLMAKT_EXCHANGE_KEYS_STAGED_FOR',
    says: 'How long a key is published before it signs, at least twice the maximum age.',
    fallback: HOUR,
  }),
  keysActiveForSeconds: within(1, 365 * DAY, {
    env: 'FULLMAKT_EXCHANGE_KEYS_ACTIVE_FOR',
    says: 'How long a key signs.',
    fallback: DAY,
  }),
  keysRetiredForSeconds: seconds({
    env: 'FULLMAKT_EXCHANGE_KEYS_RETIRED_FOR',
    says: 'How long a key stays published after it signed last.',
    fallback: DAY,
  }),
  auditKey: text({
    env: 'FULLMAKT_EXCHANGE_AUDIT_KEY',
    says: 'Keys the pseudonyms of users in the audit log, so that they stay the same across restarts.',
    secret: true,
    optional: true,
  }),
};
