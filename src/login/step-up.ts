/** What is demanded of a sign-in, what a session lacks of it, and what a login asks for to make up for that (RFC 9470). Pure. */
import { normaliseLevel, satisfiesLevel } from '../providers/levels.ts';
import type { LoginContext } from './context.ts';
import type { Ingress } from './ingress.ts';
import { judgePath } from './proxy/path.ts';
import type { Demands } from './proxy/rules.ts';
import { ruleFor } from './proxy/rules.ts';
import type { SessionRecord } from './session/record.ts';
import { isWithinDomain } from './sso/domain-target.ts';

/** What a session lacks: a level, a younger sign-in, or both. */
export interface Shortfall {
  readonly level: string | undefined;
  readonly maxAgeSeconds: number | undefined;
}

/** The part of a session that demands are compared with. */
type SignIn = Pick<SessionRecord, 'acr' | 'authTime' | 'times'>;

const NO_DEMANDS: Demands = { levels: [] };
/** The provider's clock and ours may differ by so much. */
const SKEW_SECONDS = 60;

/** The host that our rules judge a target by: that of the ingress, or, where outer proxies ask about them, one of the domain. */
function judgedHost(
  { role, sso }: LoginContext['config'],
  ingress: Pick<Ingress, 'origin' | 'host'>,
  url: URL,
): string | undefined {
  if (url.origin === ingress.origin) return ingress.host;
  if (role !== 'forward-auth' || sso === undefined) return undefined;
  return isWithinDomain(url.hostname, sso.domain) ? url.host : undefined;
}

/** What the rule for a target demands of whoever goes there. */
export function demandsOf(
  { rules, config }: Pick<LoginContext, 'rules' | 'config'>,
  ingress: Pick<Ingress, 'origin' | 'host'>,
  target: string,
): Demands {
  const url = URL.parse(target, ingress.origin);
  const host = url === null ? undefined : judgedHost(config, ingress, url);
  const path = url === null || host === undefined ? undefined : judgePath(url.pathname, config.pathAllow);
  return path === undefined || host === undefined ? NO_DEMANDS : ruleFor(rules, { path, method: 'GET', host });
}

/** Undefined when the session is enough. `nowSeconds` since the epoch; without `auth_time` the session's creation counts. */
export function shortfallOf(demands: Demands, session: SignIn, nowSeconds: number): Shortfall | undefined {
  const { levels, maxAgeSeconds } = demands;
  if (levels.length === 0 && maxAgeSeconds === undefined) return undefined;
  const level = levels.find((one) => !satisfiesLevel(one, session.acr));
  const tooOld = maxAgeSeconds !== undefined && nowSeconds - signedInAt(session) > maxAgeSeconds;
  if (level === undefined && !tooOld) return undefined;
  return { level, maxAgeSeconds: tooOld ? maxAgeSeconds : undefined };
}

/**
 * When the user signed in, in seconds by our clock. What may have been just before the session was, as far as clocks can tell, was
 * then: a provider that is behind would otherwise be asked for a younger sign-in for ever.
 */
function signedInAt({ authTime, times }: SignIn): number {
  const createdAt = times.createdAt / 1000;
  return authTime === undefined || Math.abs(createdAt - authTime) <= SKEW_SECONDS ? createdAt : authTime;
}

/** Which of the two an event names. */
export function causeOf({ level }: Shortfall): 'level' | 'max_age' {
  return level === undefined ? 'max_age' : 'level';
}

/** The parameters of a login that makes up for a shortfall; `max_age` lets the present session stay until then. */
export function stepUpParameters({ level, maxAgeSeconds }: Shortfall): Readonly<Record<string, string>> {
  return {
    ...(level === undefined ? {} : { level }),
    ...(maxAgeSeconds === undefined ? {} : { prompt: 'login', max_age: String(maxAgeSeconds) }),
  };
}

/**
 * The level a login has to reach, and the one to send: the chosen one, or what the target's rule demands if that is more.
 * What the provider does not offer is not sent, but demanded all the same: the login then ends on a page, not in a loop.
 */
export function raiseLevel(
  chosen: string | undefined,
  levels: readonly string[],
  supported: readonly string[] | undefined,
): { readonly demanded: string | undefined; readonly sent: string | undefined } {
  let demanded = chosen;
  for (const level of levels) if (!satisfiesLevel(level, demanded)) demanded = level;
  if (demanded === undefined || demanded === chosen) return { demanded, sent: chosen };
  const offered = supported === undefined ? demanded : [demanded, normaliseLevel(demanded)].find(isIn(supported));
  return { demanded, sent: offered ?? chosen };
}

function isIn(list: readonly string[]): (one: string) => boolean {
  return (one) => list.includes(one);
}
