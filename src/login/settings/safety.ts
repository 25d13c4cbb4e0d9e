/** Settings of logout, limits and compatibility. */
import type { SettingsTable } from '../../settings.ts';
import { boolean, integer, list, oneOf, seconds } from '../../settings.ts';
import type { PageLocale } from '../pages/locale.ts';
import { PAGE_LOCALES } from '../pages/locale.ts';
import type { Laxness } from '../proxy/path.ts';
import { LAXNESSES } from '../proxy/path.ts';
import { custom, named, same, wordsFrom } from './kinds.ts';

/** Unsafe compatibility, each logged at every start. */
type Compat = 'authorization-passthrough' | 'any-host' | 'unguarded-get' | 'wonderwall';

const COMPATS: readonly Compat[] = ['authorization-passthrough', 'any-host', 'unguarded-get', 'wonderwall'];

/** Settings of logout, limits and compatibility. */
export interface SafetySettings {
  readonly corsOrigins: readonly string[];
  readonly pathAllow: readonly Laxness[];
  readonly logoutMethod: 'auto' | 'GET' | 'POST';
  readonly logoutRevoke: boolean;
  readonly ratelimitEnabled: boolean;
  readonly ratelimitLogins: number;
  readonly ratelimitWindow: number;
  readonly pagesLocale: PageLocale;
  readonly compat: readonly Compat[];
}

/** The rows of these settings. */
export const SAFETY_TABLE: SettingsTable<SafetySettings> = {
  corsOrigins: list({
    ...named('CORS_ORIGINS'),
    fallback: [],
    says: 'Further origins whose pages may read our answers.',
  }),
  pathAllow: custom({
    ...named('PATH_ALLOW'),
    kind: 'list',
    fallback: [],
    says: 'Path oddities let through: semicolon, double-slash, encoded-slash. Such paths always demand login.',
    parse: wordsFrom(LAXNESSES),
  }),
  logoutMethod: oneOf(['auto', 'GET', 'POST'])({
    ...named('LOGOUT_METHOD'),
    fallback: 'auto',
    says: 'How the browser is sent to the provider at logout.',
  }),
  logoutRevoke: boolean({ ...named('LOGOUT_REVOKE'), fallback: true, says: 'Whether tokens are revoked at logout.' }),
  ratelimitEnabled: boolean({
    ...same('RATELIMIT_ENABLED'),
    fallback: true,
    says: 'Whether login loops of signed-in browsers are broken.',
  }),
  ratelimitLogins: integer({
    ...same('RATELIMIT_LOGINS'),
    fallback: 5,
    says: 'Logins in a row that are let through.',
  }),
  ratelimitWindow: seconds({
    ...same('RATELIMIT_WINDOW'),
    fallback: 5,
    shownDefault: '5s',
    says: 'Longest time between two logins that count as in a row.',
  }),
  pagesLocale: oneOf(PAGE_LOCALES)({
    ...named('PAGES_LOCALE'),
    fallback: 'nb',
    says: 'Language of our own pages for people whose browser asks for none of nb, nn and en.',
  }),
  compat: custom({
    ...named('COMPAT'),
    kind: 'list',
    fallback: [],
    says: 'Unsafe: authorization-passthrough, any-host, unguarded-get, or wonderwall for all three.',
    parse: wordsFrom(COMPATS),
  }),
};
