/** What the login proxy tells about itself: one typed event each; logs, metrics and audit are made of them. */
import type { EventTable } from '../observe/events.ts';

/** Fields that say where: provider and client, never a token. */
interface AtProvider {
  readonly provider: string;
  readonly client_id: string;
}

/** Why a session is over. */
export type SessionEnd =
  | 'logout'
  | 'local-logout'
  | 'front-channel'
  | 'back-channel'
  | 'replaced'
  | 'refused'
  | 'inactive'
  | 'expired';

/** A rule asked for more than the session shows: another level, or a younger sign-in. */
type StepUpEvent =
  | ({
      readonly event: 'stepup.required' | 'stepup.succeeded';
      readonly session_ref: string;
      readonly cause: 'level' | 'max_age';
      readonly level?: string | undefined;
      /** Seconds. */
      readonly max_age?: number | undefined;
    } & AtProvider)
  | ({
      readonly event: 'stepup.failed';
      readonly session_ref: string;
      readonly cause: 'level' | 'max_age';
      readonly level?: string | undefined;
      /** Seconds. */
      readonly max_age?: number | undefined;
      readonly reason: string;
    } & AtProvider);

/** What is only counted and measured; durations are in seconds. */
type MeasuredEvent =
  | {
      readonly event: 'request.done';
      /** Below `/oauth2/`, or `proxied`, `forward-auth` or `other`: never what a client wrote. */
      readonly route: string;
      readonly method: string;
      readonly code: number;
      readonly seconds: number;
      /** Host of a configured ingress, or `other`. */
      readonly host: string;
    }
  | {
      readonly event: 'store.operation';
      readonly op: string;
      readonly outcome: 'ok' | 'failed' | 'late' | 'refused';
      readonly seconds: number;
    }
  | { readonly event: 'store.breaker'; readonly open: 0 | 1 }
  | {
      readonly event: 'idp.call';
      readonly provider: string;
      readonly endpoint: string;
      readonly outcome: 'ok' | 'refused' | 'failed';
      readonly seconds: number;
    }
  | { readonly event: 'sockets.counted'; readonly kind: 'client' | 'tunnel'; readonly open: number }
  | { readonly event: 'tunnel.ended'; readonly reason: string };

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
      readonly reason: SessionEnd;
    } & AtProvider)
  | { readonly event: 'session.unreadable'; readonly session_ref: string }
  | ({
      readonly event: 'logout';
      readonly operation: 'self_initiated' | 'front_channel' | 'back_channel' | 'local';
    } & AtProvider)
  | ({ readonly event: 'logout.revocation_failed'; readonly reason: string } & AtProvider)
  | {
      readonly event: 'access.denied';
      readonly method: string;
      readonly decision: 'unauthenticated' | 'cross_site' | 'cross_site_write';
    }
  | StepUpEvent
  | ({
      readonly event: 'exchange.done';
      readonly session_ref: string;
      readonly network: string;
      readonly outcome: 'ok' | 'cached' | 'unavailable';
    } & AtProvider)
  | ({
      readonly event: 'exchange.refused';
      readonly session_ref: string;
      readonly network: string;
      readonly outcome: 'refused';
      readonly reason: string;
    } & AtProvider)
  | MeasuredEvent
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

const EXCHANGES = {
  name: `${PREFIX}exchanges_total`,
  help: 'Token exchanges for upstreams by network and outcome.',
  labels: ['network', 'outcome'],
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
  'access.denied': { level: 'info', audit: true },
  'stepup.required': { level: 'info', audit: true },
  'stepup.succeeded': { level: 'info', audit: true },
  'stepup.failed': { level: 'warn', audit: true },
  'exchange.done': { level: 'debug', counter: EXCHANGES },
  'exchange.refused': { level: 'warn', audit: true, counter: EXCHANGES },
  'request.done': {
    level: 'debug',
    counter: {
      name: `${PREFIX}requests_total`,
      help: 'Requests answered.',
      labels: ['route', 'method', 'code'],
    },
    histogram: {
      name: `${PREFIX}request_seconds`,
      help: 'Time to the head of an answer.',
      labels: ['route'],
      field: 'seconds',
    },
  },
  'store.operation': {
    level: 'debug',
    histogram: {
      name: `${PREFIX}store_seconds`,
      help: 'Time of store operations.',
      labels: ['op', 'outcome'],
      field: 'seconds',
    },
  },
  'store.breaker': {
    level: 'warn',
    gauge: {
      name: `${PREFIX}store_breaker_open`,
      help: 'Whether the store is not asked because it did not answer lately.',
      labels: [],
      field: 'open',
    },
  },
  'idp.call': {
    level: 'debug',
    histogram: {
      name: `${PREFIX}idp_seconds`,
      help: 'Time of calls to providers.',
      labels: ['provider', 'endpoint', 'outcome'],
      field: 'seconds',
    },
  },
  'sockets.counted': {
    level: 'debug',
    gauge: { name: `${PREFIX}sockets`, help: 'Open connections.', labels: ['kind'], field: 'open' },
  },
  'tunnel.ended': { level: 'info' },
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
