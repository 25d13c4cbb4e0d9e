/** The check routes: which requests are for them, and how they want to be answered. Pure. */
import type { LoginConfig } from '../config.ts';
import type { Ingress } from '../ingress.ts';
import { ingressesOfHost } from '../ingress.ts';
import { isWithinDomain } from '../sso/domain-target.ts';
import type { CheckStyle } from './target.ts';

const ROUTE = '/oauth2/session/forwardauth';
const ENVOY = '/envoy';

/** A request for one of the check routes. */
export interface CheckRoute {
  readonly style: CheckStyle;
  /** The ingress whose route was called; for hosts that have none but belong to the domain, the first one. */
  readonly ingress: Ingress;
  /** Path that Envoy asks about, query included. */
  readonly below: string;
}

/** Labels with dots between them, and perhaps a port. What else there may be in a URL before its path names another host. */
const PLAIN_HOST = /^(?<name>[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::\d{1,5})?$/i;

/** Whether a host (with port) may be asked about: an ingress of ours, or part of the domain that shares the session. */
export function isKnownHost(config: Pick<LoginConfig, 'ingresses' | 'sso'>, host: string): boolean {
  if (ingressesOfHost(config.ingresses, host).length > 0) return true;
  const name = PLAIN_HOST.exec(host)?.groups?.['name']?.toLowerCase();
  return name !== undefined && config.sso !== undefined && isWithinDomain(name, config.sso.domain);
}

function ingressOf(config: LoginConfig, host: string, prefix: string): Ingress | undefined {
  const ofHost = ingressesOfHost(config.ingresses, host);
  const candidates = ofHost.length === 0 && isKnownHost(config, host) ? config.ingresses : ofHost;
  return candidates.find((ingress) => ingress.path === prefix);
}

/** The check route that a request is for; undefined when it is none, or its host or path is none of ours. */
export function checkRouteOf(
  config: LoginConfig,
  request: { readonly host: string; readonly path: string; readonly query: string },
): CheckRoute | undefined {
  const { host, path, query } = request;
  const at = path.indexOf(ROUTE);
  const ingress = at === -1 ? undefined : ingressOf(config, host, path.slice(0, at));
  if (ingress === undefined) return undefined;
  const rest = path.slice(at + ROUTE.length);
  if (rest === '' || rest === '/') {
    const wantsRedirect = new URLSearchParams(query).getAll('mode').join() === 'redirect';
    return { style: wantsRedirect ? 'redirect' : 'plain', ingress, below: '' };
  }
  if (rest !== ENVOY && !rest.startsWith(`${ENVOY}/`)) return undefined;
  return { style: 'envoy', ingress, below: rest.slice(ENVOY.length) + (query === '' ? '' : `?${query}`) };
}
