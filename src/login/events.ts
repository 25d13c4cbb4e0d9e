/** What the login proxy tells about itself: one typed event each; logs, metrics and audit are made of them. */
import type { EventTable } from '../observe/events.ts';

/** Fields that say where: provider and client, never a token. */
interface AtProvider {
  readonly provider: string;
  readonly client_id: string;
}

/** All events of the login proxy. */
export type LoginEvent =
  | ({ readonly event: 'login.started'; readonly outcome: 'started'; readonly pushed: boolean } & AtProvider)
  | ({
      readonly event: 'login.succeeded';
      readonly outcome: 'succeeded';
      readonly session_ref: string;
      readonly sid: string | undefined;
      readonly acr: string | undefined;
      readonly amr: string;
    } & AtProvider)
  | ({
      readonly event: 'login.failed';
      readonly step: string;
      readonly reason: string;
      readonly outcome: 'failed';
    } & AtProvider)
  | ({ readonly event: 'login.cancelled'; readonly outcome: 'cancelled' } & AtProvider)
  | ({ readonly event: 'login.restarted'; readonly outcome: 'restarted'; readonly reason: string } & AtProvider)
  | ({ readonly event: 'session.refreshed'; readonly session_ref: string; readonly outcome: 'ok' } & AtProvider)
  | ({
      readonly event: 'session.refresh_failed';
      readonly session_ref: string;
      readonly outcome: 'fatal' | 'ours' | 'transient';
      readonly reason: string;
    } & AtProvider)
  | ({
      readonly event: 'session.ended';
      readonly session_ref: string;
      readonly sid: string | undefined;
      readonly reason: 'logout' | 'local-logout' | 'front-channel' | 'replaced' | 'refused';
    } & AtProvider)
  | { readonly event: 'session.unreadable'; readonly session_ref: string }
  | ({ readonly event: 'logout'; readonly operation: 'self_initiated' | 'front_channel' | 'local' } & AtProvider)
  | ({ readonly event: 'logout.revocation_failed'; readonly reason: string } & AtProvider)
  | { readonly event: 'access.denied'; readonly method: string; readonly decision: 'unauthenticated' | 'cross_site' }
  | { readonly event: 'proxy.answered'; readonly decision: 'session' | 'inbound' | 'none'; readonly method: string }
  | { readonly event: 'store.unavailable'; readonly reason: string }
  | ({ readonly event: 'provider.unavailable'; readonly reason: string } & AtProvider)
  | { readonly event: 'settings.unsafe'; readonly reason: string };

const PREFIX = 'fullmakt_login_';
const LOGINS = { name: `${PREFIX}logins_total`, help: 'Logins by outcome.', labels: ['provider', 'outcome'] };
const REFRESHES = {
  name: `${PREFIX}refreshes_total`,
  help: 'Token refreshes by outcome.',
  labels: ['provider', 'outcome'],
};

/** What becomes of each event. */
export const LOGIN_EVENTS: EventTable<LoginEvent> = {
  'login.started': { level: 'info', audit: true, counter: LOGINS },
  'login.succeeded': { level: 'info', audit: true, counter: LOGINS },
  'login.failed': { level: 'warn', audit: true, counter: LOGINS },
  'login.cancelled': { level: 'info', audit: true, counter: LOGINS },
  'login.restarted': { level: 'info', counter: LOGINS },
  'session.refreshed': { level: 'info', audit: true, counter: REFRESHES },
  'session.refresh_failed': { level: 'warn', audit: true, counter: REFRESHES },
  'session.ended': {
    level: 'info',
    audit: true,
    counter: { name: `${PREFIX}sessions_ended_total`, help: 'Sessions ended by reason.', labels: ['reason'] },
  },
  'session.unreadable': { level: 'warn' },
  logout: {
    level: 'info',
    audit: true,
    counter: { name: `${PREFIX}logouts_total`, help: 'Logouts by operation.', labels: ['operation'] },
  },
  'logout.revocation_failed': { level: 'warn' },
  'access.denied': { level: 'debug' },
  'proxy.answered': {
    level: 'debug',
    counter: {
      name: `${PREFIX}proxied_total`,
      help: 'Requests sent to the application by identity.',
      labels: ['decision'],
    },
  },
  'store.unavailable': { level: 'error', audit: true },
  'provider.unavailable': { level: 'error', audit: true },
  'settings.unsafe': { level: 'warn' },
};
