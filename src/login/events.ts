/** What the login proxy tells about itself: one typed event each; logs, metrics and audit are made of them. */
import type { EventTable } from '../observe/events.ts';
import {
  BREAKER,
  EXCHANGES,
  IDP_SECONDS,
  LOGINS,
  LOGOUTS,
  PROXIED,
  REFRESHES,
  REQUEST_SECONDS,
  REQUESTS,
  SESSIONS_ENDED,
  SOCKETS,
  STORE_SECONDS,
} from './figures/figures.ts';

/** Fields that say where: provider and client, never a token. */
interface AtProvider {
  readonly provider: string;
  readonly client_id: string;
}

/** Of what is not told every time: how many of the same were left out since the last one. */
interface ToldSeldom {
  readonly left_out?: number;
}

/** Why a session is over. */
type SessionEnd =
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
      readonly sid: string | undefined;
      readonly cause: 'level' | 'max_age';
      readonly level?: string | undefined;
      /** Seconds. */
      readonly max_age?: number | undefined;
    } & AtProvider)
  | ({
      readonly event: 'stepup.failed';
      readonly session_ref: string;
      readonly sid: string | undefined;
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
  | { readonly event: 'tunnel.ended'; readonly reason: string }
  | ({ readonly event: 'tunnel.refused'; readonly reason: string } & ToldSeldom);

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
      /** Path of the page the login leads to. */
      readonly redirect: string;
    } & AtProvider)
  | ({
      readonly event: 'login.failed';
      readonly step: string;
      readonly reason: string;
      readonly outcome: 'failed';
    } & AtProvider)
  | ({ readonly event: 'login.cancelled'; readonly outcome: 'cancelled' } & AtProvider)
  | ({ readonly event: 'login.restarted'; readonly outcome: 'restarted'; readonly reason: string } & AtProvider)
  | ({
      readonly event: 'session.refreshed';
      readonly session_ref: string;
      readonly sid: string | undefined;
      readonly outcome: 'ok';
    } & AtProvider)
  | ({
      readonly event: 'session.refresh_failed';
      readonly session_ref: string;
      readonly sid: string | undefined;
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
  /** A logout token that was none; `reason` names the rule, never what the token says. */
  | ({ readonly event: 'logout.refused'; readonly reason: string } & AtProvider & ToldSeldom)
  | ({
      readonly event: 'access.denied';
      readonly method: string;
      readonly decision: 'unauthenticated' | 'cross_site' | 'cross_site_write';
    } & Partial<AtProvider> &
      ToldSeldom)
  | StepUpEvent
  | ({
      readonly event: 'exchange.done';
      readonly session_ref: string;
      readonly sid: string | undefined;
      readonly network: string;
      readonly outcome: 'ok' | 'cached' | 'unavailable';
    } & AtProvider)
  | ({
      readonly event: 'exchange.refused';
      readonly session_ref: string;
      readonly sid: string | undefined;
      readonly network: string;
      readonly outcome: 'refused';
      readonly reason: string;
    } & AtProvider)
  | MeasuredEvent
  | {
      readonly event: 'proxy.answered';
      readonly decision: 'session' | 'inbound' | 'none';
      readonly code_class: string;
      readonly method: string;
    }
  /** One line of the list of requests to the application. */
  | {
      readonly event: 'proxy.access';
      readonly cid: string;
      readonly method: string;
      readonly host: string;
      readonly path: string;
      readonly code: number;
      readonly seconds: number;
    }
  | ({ readonly event: 'store.unavailable'; readonly reason: string } & Partial<AtProvider> & ToldSeldom)
  | ({ readonly event: 'provider.unavailable'; readonly reason: string } & AtProvider & ToldSeldom)
  /** The application gave no answer; `upstream` is its configured origin. */
  | ({ readonly event: 'upstream.unavailable'; readonly upstream: string; readonly reason: string } & ToldSeldom)
  | { readonly event: 'settings.unsafe'; readonly reason: string };

/** What becomes of each event. */
export const LOGIN_EVENTS: EventTable<LoginEvent> = {
  'login.started': { level: 'info', audit: true, counter: LOGINS },
  'login.succeeded': { level: 'info', audit: true, counter: LOGINS },
  'login.failed': { level: 'warn', audit: true, counter: LOGINS },
  'login.cancelled': { level: 'info', audit: true, counter: LOGINS },
  'login.restarted': { level: 'info', counter: LOGINS },
  'session.refreshed': { level: 'info', audit: true, counter: REFRESHES },
  'session.refresh_failed': { level: 'warn', audit: true, counter: REFRESHES },
  'session.ended': { level: 'info', audit: true, counter: SESSIONS_ENDED },
  'session.unreadable': { level: 'warn' },
  logout: { level: 'info', audit: true, counter: LOGOUTS },
  'logout.revocation_failed': { level: 'warn' },
  'logout.refused': { level: 'warn', audit: true },
  'access.denied': { level: 'info', audit: true },
  'stepup.required': { level: 'info', audit: true },
  'stepup.succeeded': { level: 'info', audit: true },
  'stepup.failed': { level: 'warn', audit: true },
  'exchange.done': { level: 'debug', counter: EXCHANGES },
  'exchange.refused': { level: 'warn', audit: true, counter: EXCHANGES },
  'request.done': { level: 'debug', counter: REQUESTS, histogram: REQUEST_SECONDS },
  'proxy.answered': { level: 'debug', counter: PROXIED },
  'proxy.access': { level: 'info' },
  'store.operation': { level: 'debug', histogram: STORE_SECONDS },
  'store.breaker': { level: 'warn', gauge: BREAKER },
  'store.unavailable': { level: 'error', audit: true },
  'idp.call': { level: 'debug', histogram: IDP_SECONDS },
  'provider.unavailable': { level: 'error', audit: true },
  'upstream.unavailable': { level: 'error' },
  'sockets.counted': { level: 'debug', gauge: SOCKETS },
  'tunnel.ended': { level: 'info' },
  'tunnel.refused': { level: 'warn' },
  'settings.unsafe': { level: 'warn' },
};
