/** Settings of sessions and cookies. */
import { HOUR, MINUTE } from '../../oauth/time.ts';
import type { SettingsTable } from '../../settings.ts';
import { boolean, oneOf, seconds, text } from '../../settings.ts';
import { custom, named, parseSessionKeys, same } from './kinds.ts';
import { parseStore } from './store-url.ts';

/** Settings of sessions and cookies. */
export interface SessionSettings {
  readonly sessionKeys?: readonly Buffer[];
  readonly sessionKeysFile?: string;
  readonly store: string;
  readonly storeIdleTimeout: number;
  readonly sessionMaxLifetime: number;
  readonly sessionInactivity: boolean;
  readonly sessionInactivityTimeout: number;
  readonly sessionOnTokenExpiry: 'end' | 'keep';
  readonly cookiePrefix: string;
  readonly cookieSecure: boolean;
  readonly cookieSameSite: 'Lax' | 'Strict' | 'None';
}

function parsePrefix(value: string): string {
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(value)) throw new Error('letters, digits, dots, dashes and underscores');
  return value;
}

function parseSameSite(value: string): 'Lax' | 'Strict' | 'None' {
  const found = (['Lax', 'Strict', 'None'] as const).find((word) => word.toLowerCase() === value.toLowerCase());
  if (found === undefined) throw new Error('one of Lax, Strict, None');
  return found;
}

const parsePlainSeconds: (value: string) => number = seconds({ env: '', says: '' }).parse;

/** The rows of these settings. */
export const SESSIONS_TABLE: SettingsTable<SessionSettings> = {
  sessionKeys: custom({
    ...named('session-keys', 'WONDERWALL_ENCRYPTION_KEY'),
    kind: 'list of base64, 32 bytes each',
    secret: true,
    optional: true,
    shownDefault: 'memory: a random one; sqlite: one made beside the file; else required',
    says: 'Keys that seal cookies: the first seals, all open.',
    parse: parseSessionKeys,
  }),
  sessionKeysFile: text({
    ...named('session-keys-file'),
    optional: true,
    says: 'A file that holds them instead, one a line; read again when it changes and on SIGHUP.',
  }),
  store: custom({
    ...named('store', 'WONDERWALL_REDIS_URI', 'WONDERWALL_REDIS_ADDRESS'),
    kind: 'memory: | sqlite:<file> | URL',
    fallback: 'memory:',
    secret: true,
    parsesQuietly: true,
    says: 'Where sessions are: memory:, sqlite:<file>, redis:// or valkey:// (rediss:// with TLS), redis+sentinel://h1,h2/name, redis+cluster://h1,h2.',
    parse: parseStore,
  }),
  storeIdleTimeout: custom({
    ...named('store.idle-timeout', 'WONDERWALL_REDIS_CONNECTION_IDLE_TIMEOUT'),
    kind: 'duration',
    fallback: 30 * MINUTE,
    shownDefault: '30m',
    says: 'When an idle connection to Redis is given up, below what the server itself allows; 0 or -1 = never.',
    parse: (value) => (value === '-1' ? 0 : parsePlainSeconds(value)),
  }),
  sessionMaxLifetime: seconds({
    ...same('session.max-lifetime'),
    fallback: 10 * HOUR,
    shownDefault: '10h',
    says: 'When a session ends whatever happens.',
  }),
  sessionInactivity: boolean({
    ...same('session.inactivity'),
    fallback: false,
    says: 'Whether sessions become inactive when nobody refreshes them.',
  }),
  sessionInactivityTimeout: seconds({
    ...same('session.inactivity-timeout'),
    fallback: 30 * MINUTE,
    shownDefault: '30m',
    says: 'How long after a refresh a session becomes inactive.',
  }),
  sessionOnTokenExpiry: oneOf(['end', 'keep'])({
    ...named('session.on-token-expiry'),
    fallback: 'end',
    says: 'What an expired access token without a refresh token means: the session ends, or the old token is still sent.',
  }),
  cookiePrefix: custom({
    ...same('cookie.prefix'),
    kind: 'text',
    fallback: 'fullmakt',
    says: 'First part of the names of our cookies.',
    parse: parsePrefix,
  }),
  cookieSecure: boolean({
    ...same('cookie.secure'),
    fallback: true,
    says: 'Whether cookies are Secure; off only when every ingress is http://localhost.',
  }),
  cookieSameSite: custom({
    ...same('cookie.same-site'),
    kind: 'Lax | Strict | None',
    fallback: 'Lax',
    says: 'When browsers send the session cookie; None only where single sign-on or an outer proxy needs it.',
    parse: parseSameSite,
  }),
};
