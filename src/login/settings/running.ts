/** Settings of the process itself: what it logs, how it ends, which providers it may use. */
import type { LocalIssuers } from '../../oauth/local-issuers.ts';
import { parseLocalIssuers } from '../../oauth/local-issuers.ts';
import type { SettingsTable } from '../../settings.ts';
import { list, oneOf, seconds, text } from '../../settings.ts';
import { custom, named, same } from './kinds.ts';

/** How much is logged. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Settings of the process itself. */
export interface RunningSettings {
  readonly provider: readonly string[];
  readonly allowLocalProviders: LocalIssuers;
  readonly logLevel: LogLevel;
  readonly logFormat: 'json' | 'text';
  readonly auditFile?: string;
  readonly shutdownGracefulPeriod: number;
  readonly shutdownWaitBeforePeriod: number;
}

const LEVELS: Readonly<Record<string, LogLevel>> = {
  trace: 'debug',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  fatal: 'error',
  panic: 'error',
};

function parseLevel(value: string): LogLevel {
  const word = value.toLowerCase();
  const level = Object.hasOwn(LEVELS, word) ? LEVELS[word] : undefined;
  if (level === undefined) throw new Error('one of debug, info, warn, error');
  return level;
}

/** The rows of these settings. */
export const RUNNING_TABLE: SettingsTable<RunningSettings> = {
  provider: list({
    ...named('provider', 'WONDERWALL_OPENID_PROVIDER'),
    fallback: ['openid'],
    says: 'Names of the OpenID providers, the default first: idporten, entra (or azure), openid, or a name of your own with FULLMAKT_LOGIN_PROVIDER_<NAME>_KIND. OPENID_… is the first; every other has the same settings as PROVIDER_<NAME>_….',
  }),
  allowLocalProviders: custom({
    ...named('allow-local-providers', 'FULLMAKT_ALLOW_LOCAL_PROVIDERS'),
    kind: 'true, false or host names',
    fallback: { allowed: false, hosts: [] },
    shownDefault: 'false',
    says: 'Whether providers on this machine may be used, also over http.',
    parse: parseLocalIssuers,
  }),
  logLevel: custom({
    ...same('log-level'),
    kind: 'debug | info | warn | error',
    fallback: 'info',
    says: 'The least important lines that are logged.',
    parse: parseLevel,
  }),
  logFormat: oneOf(['json', 'text'])({
    ...same('log-format'),
    fallback: 'json',
    says: 'How they look: for machines or for people.',
  }),
  auditFile: text({
    ...named('audit-file'),
    optional: true,
    says: 'A file for what befell logins and sessions, besides the log; a login that cannot be written there is refused.',
  }),
  shutdownGracefulPeriod: seconds({
    ...same('shutdown-graceful-period'),
    fallback: 30,
    shownDefault: '30s',
    says: 'How long after SIGTERM everything is over, the wait included.',
  }),
  shutdownWaitBeforePeriod: seconds({
    ...same('shutdown-wait-before-period'),
    fallback: 0,
    shownDefault: '0s',
    says: 'How long after SIGTERM requests are still taken, while readiness already says no.',
  }),
};
