/** Settings of logout, limits and compatibility. */
import type { SettingsTable } from '../../settings.ts';
import { boolean, integer, list, oneOf, seconds } from '../../settings.ts';
import type { PageLocale } from '../pages/locale.ts';
import { PAGE_LOCALES } from '../pages/locale.ts';
import type { Laxness } from '../proxy/path.ts';
import { LAXNESSES } from '../proxy/path.ts';
import type { CsrfGuard } from '../proxy/rules.ts';
import { CSRF_GUARDS } from '../proxy/rules.ts';
import { custom, named, same, wordsFrom } from './kinds.ts';

/** Unsafe compatibility, each logged at every start. */
type Compat = 'authorization-passthrough' | 'any-host' | 'unguarded-get' | 'wonderwall';

const COMPATS: readonly Compat[] = ['authorization-passthrough', 'any-host', 'unguarded-get', 'wonderwall'];

/** Settings of logout, limits and compatibility. */
export interface SafetySettings {
  readonly corsOrigins: readonly string[];
  readonly pathAllow: readonly Laxness[];
  readonly csrf: CsrfGuard;
  readonly stepUpHonourUpstream: boolean;
  readonly limitsHeaderBytes: number;
  readonly logoutMethod: 'auto' | 'GET' | 'POST';
  readonly logoutRevoke: boolean;
  readonly ratelimitEnabled: boolean;
  readonly ratelimitLogins: number;
  readonly ratelimitWindow: number;
  readonly pagesLocale: PageLocale;
  readonly compat: readonly Compat[];
}

const MOST_HEADER_BYTES = 65_536;
const FEWEST_HEADER_BYTES = 1024;

function parseHeaderBytes(value: string): number {
  const bytes = /^\d{1,6}$/.test(value) ? Number(value) : 0;
  if (bytes < FEWEST_HEADER_BYTES || bytes > MOST_HEADER_BYTES)
    throw new Error(`a whole number from ${FEWEST_HEADER_BYTES} to ${MOST_HEADER_BYTES}`);
  return bytes;
}

/** The rows of these settings. */
export const SAFETY_TABLE: SettingsTable<SafetySettings> = {
  corsOrigins: list({
    ...named('cors.origins'),
    fallback: [],
    says: 'Further origins whose pages may read our answers.',
  }),
  pathAllow: custom({
    ...named('path.allow'),
    kind: 'list',
    fallback: [],
    says: 'Path oddities let through: semicolon, double-slash, encoded-slash. Such paths always demand login.',
    parse: wordsFrom(LAXNESSES),
  }),
  csrf: oneOf(CSRF_GUARDS)({
    ...named('csrf'),
    fallback: 'off',
    says: 'How writes to the application are guarded against other sites: fetch-metadata asks the browser, header asks for X-Fullmakt-CSRF too.',
  }),
  stepUpHonourUpstream: boolean({
    ...named('step-up.honour-upstream'),
    fallback: false,
    says: 'Whether the application itself may ask for a stronger login (RFC 9470).',
  }),
  limitsHeaderBytes: custom({
    ...named('limits.header-bytes'),
    kind: 'whole number',
    fallback: 32 * 1024,
    says: `Bytes that the headers of a request may have, ${MOST_HEADER_BYTES} at most.`,
    parse: parseHeaderBytes,
  }),
  logoutMethod: oneOf(['auto', 'GET', 'POST'])({
    ...named('logout.method'),
    fallback: 'auto',
    says: 'How the browser is sent to the provider at logout.',
  }),
  logoutRevoke: boolean({ ...named('logout.revoke'), fallback: true, says: 'Whether tokens are revoked at logout.' }),
  ratelimitEnabled: boolean({
    ...same('ratelimit.enabled'),
    fallback: true,
    says: 'Whether login loops of signed-in browsers are broken.',
  }),
  ratelimitLogins: integer({
    ...same('ratelimit.logins'),
    fallback: 5,
    says: 'Logins in a row that are let through.',
  }),
  ratelimitWindow: seconds({
    ...same('ratelimit.window'),
    fallback: 5,
    shownDefault: '5s',
    says: 'Longest time between two logins that count as in a row.',
  }),
  pagesLocale: oneOf(PAGE_LOCALES)({
    ...named('pages.locale'),
    fallback: 'nb',
    says: 'Language of our own pages for people whose browser asks for none of nb, nn and en.',
  }),
  compat: custom({
    ...named('compat'),
    kind: 'list',
    fallback: [],
    says: 'Unsafe: authorization-passthrough, any-host, unguarded-get, or wonderwall for all three.',
    parse: wordsFrom(COMPATS),
  }),
};
