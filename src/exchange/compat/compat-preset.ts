import { json } from '../../settings.ts';
import type { Environment, SettingsTable } from '../../settings.ts';
import { COMPAT_VARIABLE, exchangeSettings } from '../config.ts';
import type { ExchangeConfig } from '../config.ts';
import { parseLegacyOperators } from '../operators/operator-settings.ts';
import type { OperatorSettings } from '../operators/operator-settings.ts';
import { anyIssuerUrl } from '../setting-kinds.ts';

/**
 * What `FULLMAKT_EXCHANGE_COMPAT=tokendings` sets: defaults, as if they stood in the environment. Each can be set otherwise by its own
 * variable, and no protection is off that is not named here.
 */
export const TOKENDINGS_PRESET: Environment = {
  FULLMAKT_EXCHANGE_ERRORS: 'tokendings',
  FULLMAKT_EXCHANGE_ASSERTION_MAX_LIFETIME: '120',
  FULLMAKT_EXCHANGE_ASSERTION_LIFETIME_RULE: 'remaining',
  FULLMAKT_EXCHANGE_ASSERTION_ACCEPT_TOKEN_ENDPOINT_AUDIENCE: 'true',
  FULLMAKT_EXCHANGE_ASSERTION_REQUIRE_IAT: 'true',
  FULLMAKT_EXCHANGE_ASSERTION_REQUIRE_NBF: 'true',
  FULLMAKT_EXCHANGE_SKEW: '60',
  FULLMAKT_EXCHANGE_REPLAY: 'on',
  FULLMAKT_EXCHANGE_SUBJECT_TOKEN_TYPES: 'jwt',
  FULLMAKT_EXCHANGE_TOKEN_TTL: '900',
  FULLMAKT_EXCHANGE_TOKEN_CAP_BY_SUBJECT: 'false',
  FULLMAKT_EXCHANGE_TOKEN_CLAIMS: 'all-legacy',
  FULLMAKT_EXCHANGE_TOKEN_ACT: 'false',
  FULLMAKT_EXCHANGE_TOKEN_AZP: 'false',
  FULLMAKT_EXCHANGE_TOKEN_SCOPE: 'echo',
};

/** Whether the environment asks for the place of a tokendings server. */
export function isCompat(env: Environment): boolean {
  return env[COMPAT_VARIABLE]?.trim() === 'tokendings';
}

/**
 * The settings as they may be in this environment: only in the place of a tokendings server the issuer may be any http URL, and an
 * operator may have the clients of every cluster.
 */
export function exchangeSettingsFor(env: Environment): SettingsTable<ExchangeConfig> {
  if (!isCompat(env)) return exchangeSettings;
  const { issuer, operators } = exchangeSettings;
  return {
    ...exchangeSettings,
    issuer: anyIssuerUrl(issuer),
    operators: json<readonly OperatorSettings[]>(parseLegacyOperators)(operators),
  };
}
