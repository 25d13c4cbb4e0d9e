import { isProviderUrl } from '../oauth/document.ts';
import { DAY, HOUR } from '../oauth/time.ts';
import type { TokenxTokenSettings } from '../registry/model.ts';
import { address, boolean, json, list, oneOf, seconds, text, url } from '../settings.ts';
import type { Setting, SettingsTable } from '../settings.ts';
import { parseOperators } from './operator-settings.ts';
import type { OperatorSettings } from './operator-settings.ts';
import { parseTrustedIssuers } from './trusted-issuer.ts';
import type { TrustedIssuer } from './trusted-issuer.ts';

/** The algorithms a token may be signed with. */
export type TokenAlgorithm = NonNullable<TokenxTokenSettings['alg']>;

/** Everything the exchange server can be told. Durations are seconds. */
export interface ExchangeConfig {
  readonly issuer: string;
  readonly bind: { readonly host: string; readonly port: number };
  /** Where administration and figures are served; absent = at `bind`. */
  readonly internalBind?: { readonly host: string; readonly port: number };
  readonly issuers: readonly TrustedIssuer[];
  readonly operators: readonly OperatorSettings[];
  readonly assertionMaxLifetimeSeconds: number;
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
  readonly tokenAct: boolean;
  readonly tokenAzp: boolean;
  readonly tokenScope: 'enforce' | 'echo';
  readonly registryStaleLimitSeconds: number;
  readonly keysMaxAgeSeconds: number;
  readonly keysStagedForSeconds: number;
  readonly keysActiveForSeconds: number;
  readonly keysRetiredForSeconds: number;
  /** Keys the pseudonyms of users in the audit log; without it they can be compared within one run only. */
  readonly auditKey?: string;
}

/** The settings of `fullmakt exchange`, with their defaults. */
export const exchangeSettings: SettingsTable<ExchangeConfig> = {
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
  registryStaleLimitSeconds: seconds({
    env: 'FULLMAKT_EXCHANGE_REGISTRY_STALE_LIMIT',
    says: 'How long rules are served that could not be confirmed; then every answer is 503.',
    fallback: 10,
  }),
  keysMaxAgeSeconds: seconds({
    env: 'FULLMAKT_EXCHANGE_KEYS_MAX_AGE',
    says: 'How long validators may cache the published keys.',
    fallback: 300,
  }),
  keysStagedForSeconds: seconds({
    env: 'FULLMAKT_EXCHANGE_KEYS_STAGED_FOR',
    says: 'How long a key is published before it signs, at least twice the maximum age.',
    fallback: HOUR,
  }),
  keysActiveForSeconds: seconds({
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

/** RFC 8414 section 2: https without query. Plain http only where nobody else can listen. */
function issuerUrl(spec: Parameters<typeof url>[0]): Setting<string> {
  const setting = url(spec);
  return {
    ...setting,
    parse: (value) => {
      const parsed = setting.parse(value);
      if (!isProviderUrl(parsed) || parsed.includes('?'))
        throw new Error('an https URL without query (http on localhost)');
      return parsed;
    },
  };
}

function within(low: number, high: number, spec: Parameters<typeof seconds>[0]): Setting<number> {
  const setting = seconds(spec);
  return {
    ...setting,
    parse: (value) => {
      const parsed = setting.parse(value);
      if (parsed < low || parsed > high) throw new Error(`a duration between ${low} s and ${high} s`);
      return parsed;
    },
  };
}
