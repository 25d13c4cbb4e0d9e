/** Settings of sessions and cookies. */
import { HOUR, MINUTE } from '../../oauth/time.ts';
import type { SettingsTable } from '../../settings.ts';
import { boolean, oneOf, seconds } from '../../settings.ts';
import { custom, named, parseSessionKeys, same } from './kinds.ts';

/** Settings of sessions and cookies. */
export interface SessionSettings {
  readonly sessionKeys: readonly Buffer[];
  readonly sessionMaxLifetime: number;
  readonly sessionInactivity: boolean;
  readonly sessionInactivityTimeout: number;
  readonly sessionOnTokenExpiry: 'end' | 'keep';
  readonly cookiePrefix: string;
  readonly cookieSecure: boolean;
}

function parsePrefix(value: string): string {
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(value)) throw new Error('letters, digits, dots, dashes and underscores');
  return value;
}

/** The rows of these settings. */
export const SESSIONS_TABLE: SettingsTable<SessionSettings> = {
  sessionKeys: custom({
    ...named('SESSION_KEYS', 'WONDERWALL_ENCRYPTION_KEY'),
    kind: 'list of base64, 32 bytes each',
    secret: true,
    says: 'Keys that seal cookies: the first seals, all open.',
    parse: parseSessionKeys,
  }),
  sessionMaxLifetime: seconds({
    ...same('SESSION_MAX_LIFETIME'),
    fallback: 10 * HOUR,
    shownDefault: '10h',
    says: 'When a session ends whatever happens.',
  }),
  sessionInactivity: boolean({
    ...same('SESSION_INACTIVITY'),
    fallback: false,
    says: 'Whether sessions become inactive when nobody refreshes them.',
  }),
  sessionInactivityTimeout: seconds({
    ...same('SESSION_INACTIVITY_TIMEOUT'),
    fallback: 30 * MINUTE,
    shownDefault: '30m',
    says: 'How long after a refresh a session becomes inactive.',
  }),
  sessionOnTokenExpiry: oneOf(['end', 'keep'])({
    ...named('SESSION_ON_TOKEN_EXPIRY'),
    fallback: 'end',
    says: 'What an expired access token without a refresh token means: the session ends, or the old token is still sent.',
  }),
  cookiePrefix: custom({
    ...same('COOKIE_PREFIX'),
    kind: 'text',
    fallback: 'fullmakt',
    says: 'First part of the names of our cookies.',
    parse: parsePrefix,
  }),
  cookieSecure: boolean({
    ...same('COOKIE_SECURE'),
    fallback: true,
    says: 'Whether cookies are Secure; off only when every ingress is http://localhost.',
  }),
};
