import { parseCookies, setCookie } from '../../web/cookies.ts';
import { parseQuery } from '../../web/forms.ts';
import type { HttpRequest } from '../../web/http.ts';
import type { Realm, Site } from '../persona.ts';
import { LANGUAGES } from '../pages/texts.ts';
import { words } from '../words.ts';

const YEAR_SECONDS = 365 * 24 * 60 * 60;

/** The languages to try, best first: what was chosen on a page goes before what the request asks for (`ui_locales`). */
export function localesOf(
  { realm }: { readonly realm: Realm },
  http: HttpRequest,
  asked: readonly string[],
): readonly string[] {
  const [chosen] = parseCookies(http.headers.cookie).get(nameOf(realm)) ?? [];
  const wanted = asked.length > 0 ? asked : askedInQuery(http);
  return chosen === undefined ? wanted : [chosen, ...wanted];
}

/** The cookie that keeps a chosen language; undefined for a text that is none. */
export function languageCookie(site: Site, language: string | undefined): string | undefined {
  const known = LANGUAGES.find((each) => each === language);
  if (known === undefined) return undefined;
  return setCookie(nameOf(site.realm), known, {
    path: '/',
    httpOnly: true,
    secure: site.secure,
    sameSite: 'Lax',
    maxAgeSeconds: YEAR_SECONDS,
  });
}

function nameOf(realm: Realm): string {
  return `fm_${realm.persona.name}_lang`;
}

function askedInQuery(http: HttpRequest): readonly string[] {
  const query = parseQuery(http.query);
  return query.ok ? words(query.form.get('ui_locales')) : [];
}
