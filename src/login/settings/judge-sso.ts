/** What the roles of single sign-on need of each other's settings. Pure. */
import { getPublicSuffix } from 'tldts';
import type { LoginSettings } from './table.ts';
import { variableOf } from './kinds.ts';
import type { Role } from './sso.ts';
import { storeKind } from './store-url.ts';

/** The roles that share one session over a domain. */
function isShared(role: Role): boolean {
  return role === 'sso-server' || role === 'sso-proxy';
}

/** Whether everybody may register below it, so that a cookie for all of it would reach strangers. */
function isPublicSuffix(domain: string): boolean {
  return getPublicSuffix(domain, { allowPrivateDomains: true }) === domain;
}

function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

function judgeUrls(settings: Partial<LoginSettings>, problems: string[]): void {
  const urls = {
    'sso.server-url': settings.ssoServerUrl,
    'sso.server-default-redirect-url': settings.ssoServerDefaultRedirectUrl,
  };
  for (const [name, url] of Object.entries(urls)) {
    if (url === undefined) continue;
    const { protocol, hostname } = new URL(url);
    if (protocol !== 'https:' && !LOOPBACK.has(hostname) && !hostname.endsWith('.localhost'))
      problems.push(`${variableOf(name)} has to be https; http is for localhost only`);
  }
}

function judgeDomain({ ssoDomain: domain, ingress, role }: Partial<LoginSettings>, problems: string[]): void {
  if (domain === undefined) return;
  const variable = variableOf('sso.domain');
  if (isPublicSuffix(domain)) problems.push(`${variable}: everybody can have a name below ${domain}`);
  if (role === 'standalone') return;
  for (const { host } of ingress ?? []) {
    const name = host.replace(/:\d+$/, '');
    if (!isWithin(name, domain)) problems.push(`${variable}: the ingress ${host} is not within ${domain}`);
  }
}

/** Where people would go round and round: out of the server and into it again, or from a proxy to itself. */
function judgeCircles({ role, ingress, ...urls }: Partial<LoginSettings>, problems: string[]): void {
  for (const { origin, path } of ingress ?? []) {
    const home = URL.parse(urls.ssoServerDefaultRedirectUrl ?? '');
    const isInside = home?.origin === origin && `${home.pathname}/`.startsWith(`${path}/`);
    if (role === 'sso-server' && isInside)
      problems.push(`${variableOf('sso.server-default-redirect-url')} leads back to the server, which has no pages`);
    const server = URL.parse(urls.ssoServerUrl ?? '');
    const isItself = server?.origin === origin && server.pathname.replace(/(?<!\/)\/+$/, '') === path;
    if (role === 'sso-proxy' && isItself)
      problems.push(`${variableOf('sso.server-url')} leads back to the proxy itself`);
  }
}

function judgeRequired(settings: Partial<LoginSettings>, role: Role, problems: string[]): void {
  const required: Record<string, unknown> = { 'sso.session-cookie-name': settings.ssoSessionCookieName };
  if (role === 'sso-proxy') required['sso.server-url'] = settings.ssoServerUrl;
  else {
    required['sso.domain'] = settings.ssoDomain;
    required['sso.server-default-redirect-url'] = settings.ssoServerDefaultRedirectUrl;
  }
  for (const [name, value] of Object.entries(required))
    if (value === undefined) problems.push(`${variableOf(name)} is not set: the role ${role} needs it`);
  if (settings.store !== undefined && storeKind(settings.store) !== 'redis')
    problems.push(
      `${variableOf('store')}: the role ${role} shares sessions between processes, which takes Valkey or Redis`,
    );
  if (role === 'sso-proxy' && settings.ssoDomain === undefined && sharedDomain(settings) === undefined)
    problems.push(`${variableOf('sso.domain')} is not set, and ingress and server have no domain in common`);
}

/**
 * The longest domain that every ingress and the server have in common: what a proxy goes by when nobody says. Undefined when there is
 * none, or everybody can have a name below it.
 */
export function sharedDomain({ ingress, ssoServerUrl }: Partial<LoginSettings>): string | undefined {
  if (ssoServerUrl === undefined || ingress === undefined) return undefined;
  const hosts = [new URL(ssoServerUrl).hostname, ...ingress.map(({ host }) => host.replace(/:\d+$/, ''))];
  let labels = (hosts[0] ?? '').split('.');
  while (labels.length > 1) {
    const domain = labels.join('.');
    if (hosts.every((host) => isWithin(host, domain))) return isPublicSuffix(domain) ? undefined : domain;
    labels = labels.slice(1);
  }
  return undefined;
}

/** What is wrong with the role, the domain and the cookie together. */
export function judgeSso(settings: Partial<LoginSettings>): readonly string[] {
  const problems: string[] = [];
  const { role, cookieSameSite, forwardAuth } = settings;
  judgeUrls(settings, problems);
  judgeDomain(settings, problems);
  if (role === undefined) return problems;
  if (isShared(role)) judgeRequired(settings, role, problems);
  judgeCircles(settings, problems);
  if (role === 'forward-auth') {
    if (settings.ssoDomain !== undefined && settings.ssoSessionCookieName === undefined)
      problems.push(`${variableOf('sso.session-cookie-name')} is not set: ${variableOf('sso.domain')} needs it`);
    if (forwardAuth === false) problems.push(`${variableOf('forward-auth')} cannot be false in the role forward-auth`);
  }
  if (role === 'standalone' && cookieSameSite === 'None')
    problems.push(`${variableOf('cookie.same-site')} can be None only in the roles of single sign-on and forward-auth`);
  return problems;
}
