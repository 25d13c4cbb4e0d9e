/** How outer proxies ask the check routes, for tests. */
import type { World } from './proxy.ts';
import { HOST } from './proxy.ts';

/** The check route of an ingress without a path. */
export const CHECK = '/oauth2/session/forwardauth';
/** Settings that switch the checks on, for questions from this machine. */
export const ON: Readonly<Record<string, string>> = {
  FULLMAKT_LOGIN_FORWARD_AUTH: 'true',
  FULLMAKT_LOGIN_TRUSTED_PROXIES: '127.0.0.1/32',
};
/** Settings of one login host, which an outer proxy asks for every host of its domain. */
export const FOR_A_DOMAIN: Readonly<Record<string, string>> = {
  FULLMAKT_LOGIN_ROLE: 'forward-auth',
  FULLMAKT_LOGIN_TRUSTED_PROXIES: '127.0.0.1/32',
  FULLMAKT_LOGIN_INGRESS: 'https://login.example.test',
  FULLMAKT_LOGIN_SSO_DOMAIN: 'example.test',
  FULLMAKT_LOGIN_SSO_SESSION_COOKIE_NAME: 'shared',
  FULLMAKT_LOGIN_SSO_SERVER_DEFAULT_REDIRECT_URL: 'https://www.example.test/',
};
/** Rules of each sort. */
export const RULES: string = JSON.stringify([
  { path: '/public/**', login: 'exempt' },
  { path: '/maybe/**', login: 'optional' },
  { path: '/api/**', authorization: 'pass' },
  { path: '/high/**', acr: 'idporten-loa-high' },
]);
/** What a script of a page sends along. */
export const SCRIPT: Readonly<Record<string, string>> = {
  'sec-fetch-mode': 'cors',
  'sec-fetch-dest': 'empty',
  accept: '*/*',
};
/** What somebody who follows a link sends along. */
export const LINK: Readonly<Record<string, string>> = {
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  accept: 'text/html',
};

/** Headers of a question. */
export type Headers = Readonly<Record<string, string | readonly string[]>>;

/** How each kind of outer proxy asks about one request. */
const STYLES: Readonly<
  Record<string, (target: string, method?: string) => { path: string; headers: Headers; method?: string }>
> = {
  'original-url': (target, method = 'GET') => ({
    path: CHECK,
    headers: { 'x-original-url': `https://${HOST}${target}`, 'x-original-method': method },
  }),
  'original-uri': (target, method = 'GET') => ({
    path: CHECK,
    headers: { 'x-original-uri': target, 'x-original-method': method },
  }),
  forwarded: (target, method = 'GET') => ({
    path: `${CHECK}?mode=redirect`,
    headers: {
      'x-forwarded-uri': target,
      'x-forwarded-method': method,
      'x-forwarded-proto': 'https',
      'x-forwarded-host': HOST,
    },
  }),
  envoy: (target, method = 'GET') => ({ path: `${CHECK}/envoy${target}`, headers: {}, method }),
};
/** All styles. */
export const NAMES: readonly string[] = Object.keys(STYLES);

/** Asks in one style about one request. */
export function ask(
  world: World,
  style: string,
  about: {
    readonly target: string;
    readonly method?: string;
    readonly headers?: Headers;
    readonly browser?: World['browser'];
  },
): ReturnType<World['browser']['ask']> {
  const asked = STYLES[style]?.(about.target, about.method);
  if (asked === undefined) throw new Error(`there is no style ${style}`);
  const headers = { ...LINK, ...about.headers, ...asked.headers };
  return (about.browser ?? world.browser).ask(asked.path, { ...asked, headers });
}

/** Status of an answer that lets the request go on. */
export function allowed(style: string): number {
  return style === 'envoy' ? 200 : 204;
}
