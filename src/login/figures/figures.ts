/** The metrics of the login proxy. Every label has a fixed or configured set of values. */
import type { Figures } from '../../observe/events.ts';

type Counter = NonNullable<Figures['counter']>;
type Histogram = NonNullable<Figures['histogram']>;
type Gauge = NonNullable<Figures['gauge']>;

const PREFIX = 'fullmakt_login_';

/** Logins begun, and what they came to. */
export const LOGINS: Counter = {
  name: `${PREFIX}logins_total`,
  help: 'Logins by outcome.',
  labels: ['provider', 'outcome'],
};

/** Refreshes of access tokens. */
export const REFRESHES: Counter = {
  name: `${PREFIX}refreshes_total`,
  help: 'Token refreshes by outcome.',
  labels: ['provider', 'outcome'],
};

/** Sessions that are over. */
export const SESSIONS_ENDED: Counter = {
  name: `${PREFIX}sessions_ended_total`,
  help: 'Sessions ended by reason.',
  labels: ['reason'],
};

/** Logouts, by whoever asked for them. */
export const LOGOUTS: Counter = {
  name: `${PREFIX}logouts_total`,
  help: 'Logouts by operation.',
  labels: ['operation'],
};

/** Tokens for upstreams. */
export const EXCHANGES: Counter = {
  name: `${PREFIX}exchanges_total`,
  help: 'Token exchanges for upstreams by network and outcome.',
  labels: ['network', 'outcome'],
};

/** Requests answered, by us or the application. */
export const REQUESTS: Counter = {
  name: `${PREFIX}requests_total`,
  help: 'Requests answered.',
  labels: ['route', 'method', 'code'],
};

/** From the first byte of a request to the head of its answer. */
export const REQUEST_SECONDS: Histogram = {
  name: `${PREFIX}request_seconds`,
  help: 'Time to the head of an answer.',
  labels: ['route'],
  field: 'seconds',
};

/** Requests that reached the application. */
export const PROXIED: Counter = {
  name: `${PREFIX}proxied_total`,
  help: 'Requests sent to the application, by identity and kind of answer.',
  labels: ['decision', 'code_class'],
};

/** What the store was asked. */
export const STORE_SECONDS: Histogram = {
  name: `${PREFIX}store_seconds`,
  help: 'Time of store operations.',
  labels: ['op', 'outcome'],
  field: 'seconds',
};

/** Whether the store is left alone. */
export const BREAKER: Gauge = {
  name: `${PREFIX}store_breaker_open`,
  help: 'Whether the store is not asked because it did not answer lately.',
  labels: [],
  field: 'open',
};

/** Calls to providers. */
export const IDP_SECONDS: Histogram = {
  name: `${PREFIX}idp_seconds`,
  help: 'Time of calls to providers.',
  labels: ['provider', 'endpoint', 'outcome'],
  field: 'seconds',
};

/** Open connections: of clients, and those of them that are tunnels. */
export const SOCKETS: Gauge = {
  name: `${PREFIX}sockets`,
  help: 'Open connections.',
  labels: ['kind'],
  field: 'open',
};
