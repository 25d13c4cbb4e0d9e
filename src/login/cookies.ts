/** Reading and writing our own cookies. */
import type { CookieAttributes } from '../web/cookies.ts';
import { clearCookie, parseCookies, setCookie } from '../web/cookies.ts';
import type { HttpRequest } from '../web/http.ts';
import type { LoginContext, OwnRequest, TicketFinding } from './context.ts';
import type { CookieScope, CookieUse } from './cookie-names.ts';
import { cookieScope, sharedSession } from './cookie-names.ts';
import type { Ingress } from './ingress.ts';
import { ATTEMPT_SECONDS, describeAttempt, isAttemptCookieId } from './attempt/login-state.ts';
import type { Ticket } from './session/ticket.ts';
import { openTicket } from './session/ticket.ts';

const MAX_ATTEMPTS = 5;
const MAX_TICKETS = 5;
const MAX_OWN_BYTES = 4096;
/** Of them for the counter and for each session, which give way to nothing. */
const RESERVED_BYTES = 256;

/** One of our cookies at one ingress. */
interface OwnCookie extends CookieScope {
  readonly sameSite: CookieAttributes['sameSite'];
}

/** Name and scope of one of our cookies at this ingress. */
export function ownCookie(context: LoginContext, ingress: Ingress, use: CookieUse, id?: string): OwnCookie {
  const { prefix, secure } = context.config.cookie;
  const shared = sharedSession(context.config);
  const { name, isDefault } = context.provider;
  const scope = cookieScope(use, ingress, {
    prefix,
    secure,
    ...(id === undefined ? {} : { id }),
    ...(shared === undefined ? {} : { shared }),
    ...(use !== 'session' || isDefault ? {} : { provider: name }),
  });
  // The way back from a provider begins at another site: what it needs cannot be strict.
  return { ...scope, sameSite: use === 'session' ? context.config.cookie.sameSite : 'Lax' };
}

function attributes({ path, secure, domain, sameSite }: OwnCookie): CookieAttributes {
  return { path, httpOnly: true, secure, sameSite, ...(domain === undefined ? {} : { domain }) };
}

/** A `Set-Cookie` value for one of our cookies; without `maxAgeSeconds` it ends with the browser. */
export function writeCookie(scope: OwnCookie, value: string, maxAgeSeconds?: number): string {
  const age = maxAgeSeconds === undefined ? {} : { maxAgeSeconds };
  return setCookie(scope.name, value, { ...attributes(scope), ...age });
}

/** A `Set-Cookie` value that removes one of our cookies. */
export function dropCookie(scope: OwnCookie): string {
  return clearCookie(scope.name, attributes(scope));
}

/** The one value of a cookie; undefined when it is absent or came more than once. */
export function cookieValue(http: HttpRequest, name: string): string | undefined {
  const values = parseCookies(http.headers.cookie).get(name) ?? [];
  return values.length === 1 ? values[0] : undefined;
}

/** Opens the session cookie. Two cookies of that name are no session: one of them was planted. */
export function findTicket(context: LoginContext, { http, ingress }: OwnRequest): TicketFinding {
  const { name } = ownCookie(context, ingress, 'session');
  const values = parseCookies(http.headers.cookie).get(name) ?? [];
  const [value] = values;
  if (value === undefined) return { kind: 'none' };
  const ticket = values.length === 1 ? openTicket(context.sealer, value, name) : undefined;
  return ticket === undefined ? { kind: 'unusable' } : { kind: 'ticket', ticket };
}

/** Every ticket among the session cookies, at most five: which one was planted nobody can tell, and who leaves, leaves them all. */
export function allTickets(context: LoginContext, { http, ingress }: OwnRequest): readonly Ticket[] {
  const { name } = ownCookie(context, ingress, 'session');
  const values = parseCookies(http.headers.cookie).get(name) ?? [];
  const tickets = values.map((value) => openTicket(context.sealer, value, name));
  return tickets.filter((ticket) => ticket !== undefined).slice(0, MAX_TICKETS);
}

interface AttemptCookie {
  readonly scope: OwnCookie;
  readonly bytes: number;
  readonly startedAt: number;
  /** Undefined when it does not open. */
  readonly provider: string | undefined;
}

function attemptCookies(context: LoginContext, { http, ingress }: OwnRequest): readonly AttemptCookie[] {
  const template = ownCookie(context, ingress, 'login', '*');
  const [front = '', back = ''] = template.name.split('*');
  const found: AttemptCookie[] = [];
  for (const [name, values] of parseCookies(http.headers.cookie)) {
    if (!name.startsWith(front) || !name.endsWith(back)) continue;
    if (!isAttemptCookieId(name.slice(front.length, name.length - back.length))) continue;
    const opened = values.map((value) => describeAttempt(context.sealer, { name, value }));
    const startedAt = Math.max(...opened.map((attempt) => attempt?.startedAt ?? 0));
    const provider = opened.find((attempt) => attempt !== undefined)?.provider;
    const bytes = values.reduce((sum, value) => sum + name.length + value.length, 0);
    found.push({ scope: { ...template, name }, bytes, startedAt, provider });
  }
  // Browsers send the older ones first (RFC 6265 5.4), which decides within a second.
  return found.toReversed().toSorted((one, other) => other.startedAt - one.startedAt);
}

/**
 * `Set-Cookie` values that make room for one more cookie: at most five attempts, and 4 KiB of own cookies together.
 * The oldest attempts go first; a login does not wait for the answer of a logout.
 */
export function makeRoom(
  context: LoginContext,
  request: OwnRequest,
  coming: { readonly use: 'login' | 'logout'; readonly bytes: number },
): readonly string[] {
  const dropped: string[] = [];
  let count = coming.use === 'login' ? 1 : 0;
  let bytes = RESERVED_BYTES * (1 + context.siblings.all.length) + coming.bytes;
  const logout = ownCookie(context, request.ingress, 'logout');
  const leaving = coming.use === 'login' ? cookieValue(request.http, logout.name) : undefined;
  if (leaving !== undefined) {
    const more = logout.name.length + leaving.length;
    if (bytes + more > MAX_OWN_BYTES) dropped.push(dropCookie(logout));
    else bytes += more;
  }
  for (const attempt of attemptCookies(context, request)) {
    count += 1;
    bytes += attempt.bytes;
    const expired = context.now() > attempt.startedAt + ATTEMPT_SECONDS;
    if (expired || count > MAX_ATTEMPTS || bytes > MAX_OWN_BYTES) dropped.push(dropCookie(attempt.scope));
  }
  return dropped;
}

/** `Set-Cookie` values that remove every attempt of this browser at this provider, and what is no attempt at all. */
export function dropAttempts(context: LoginContext, request: OwnRequest): readonly string[] {
  const { name } = context.provider;
  return attemptCookies(context, request)
    .filter(({ provider = name }) => provider === name)
    .map((attempt) => dropCookie(attempt.scope));
}
