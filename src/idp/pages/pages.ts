import { html, page } from '../../web/html.ts';
import type { Html, PageContent } from '../../web/html.ts';
import type { HttpResponse } from '../../web/http.ts';
import { ownAnswerHeaders } from '../../web/secure-headers.ts';
import { PAGE_STYLES } from './styles.ts';
import { languageOf, TEXTS } from './texts.ts';

/** What every page is told: the service, and what is known of the reader's language. */
export interface PageSetting {
  readonly label: string;
  readonly locales: readonly string[];
  readonly acceptLanguage?: string | undefined;
}

/** A page in the house style, with its banner. `policy` adds to the Content-Security-Policy. */
export function respondWithPage(
  setting: PageSetting,
  content: { readonly status?: number; readonly title: string; readonly body: Html; readonly policy?: string } & Pick<
    PageContent,
    'script' | 'refresh'
  >,
): HttpResponse {
  const lang = languageOf(setting.locales, setting.acceptLanguage);
  const { status = 200, policy = "form-action 'none'", ...rest } = content;
  const made = page({
    ...rest,
    lang,
    title: `${content.title} – ${setting.label}`,
    banner: `${setting.label}: ${TEXTS[lang].banner}`,
    styles: PAGE_STYLES,
  });
  const headers = {
    ...ownAnswerHeaders({ csp: `${made.csp}; ${policy}` }),
    'content-type': 'text/html; charset=utf-8',
  };
  return { status, headers, body: made.html };
}

/** An error that must not be told by redirect: the code in `#fm-error`, nothing to click. */
export function errorPage(
  setting: PageSetting,
  fault: { readonly code: string; readonly text: string; readonly status?: number },
): HttpResponse {
  const texts = TEXTS[languageOf(setting.locales, setting.acceptLanguage)];
  return respondWithPage(setting, {
    status: fault.status ?? 400,
    title: texts.refused,
    body: html`<h1>${texts.refused}</h1>
<p>${texts.refusedHelp}</p>
<p><code id="fm-error">${fault.code}</code></p>
<p lang="en">${fault.text}</p>`,
  });
}

const SUBMIT = 'document.forms[0].submit()';

/** Sends fields back by POST; the one page with a script, which only presses the button. */
export function formPostPage(
  setting: PageSetting & { readonly action: string; readonly fields: Readonly<Record<string, string>> },
): HttpResponse {
  const texts = TEXTS[languageOf(setting.locales, setting.acceptLanguage)];
  const fields = hiddenFields(setting.fields);
  return respondWithPage(setting, {
    title: texts.proceed,
    policy: `form-action ${originOf(setting.action)}`,
    script: SUBMIT,
    body: html`<h1>${texts.sending}</h1>
<form method="post" action="${setting.action}">${fields}<button id="fm-continue">${texts.proceed}</button></form>`,
  });
}

/** Asks whether to sign out; the button sends the request again. */
export function signOutPage(
  setting: PageSetting & {
    readonly action: string;
    readonly fields: Readonly<Record<string, string>>;
    readonly next: string | undefined;
  },
): HttpResponse {
  const texts = TEXTS[languageOf(setting.locales, setting.acceptLanguage)];
  const { action, next } = setting;
  return respondWithPage(setting, {
    title: texts.signOut,
    policy: `form-action ${next === undefined ? "'self'" : formWay(next)}`,
    body: html`<h1>${texts.signOut}</h1>
<form method="post" action="${action}" id="fm-logout">${hiddenFields(setting.fields)}<p>${texts.signOutQuestion}</p>
<button id="fm-continue">${texts.signOut}</button></form>`,
  });
}

function hiddenFields(fields: Readonly<Record<string, string>>): readonly Html[] {
  return Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`);
}

/** Signed out: one hidden frame per client to tell, then on to `next`, if there is somewhere to go. */
export function signedOutPage(
  setting: PageSetting & { readonly frames: readonly string[]; readonly next: string | undefined },
): HttpResponse {
  const texts = TEXTS[languageOf(setting.locales, setting.acceptLanguage)];
  const frames = setting.frames.map((src) => html`<iframe src="${src}" title="" aria-hidden="true"></iframe>`);
  const origins = [...new Set(setting.frames.map(originOf))];
  const { next } = setting;
  return respondWithPage(setting, {
    title: texts.signedOut,
    policy: `form-action 'none'${origins.length === 0 ? '' : `; frame-src ${origins.join(' ')}`}`,
    ...(next === undefined ? {} : { refresh: { seconds: 2, url: next } }),
    body: html`<h1>${texts.signedOut}</h1>
${frames.length > 0 && html`<p>${texts.signingOut}</p>`}
${next !== undefined && html`<a class="button" id="fm-continue" href="${next}">${texts.proceed}</a>`}
${frames}`,
  });
}

/**
 * CSP sources for a form whose answer redirects to a registered address. Browsers hold `form-action` against every redirect that
 * follows, and where the client sends people from there, to another host of its domain say, is known to the client alone.
 */
export function formWay(address: string): string {
  const protocol = URL.parse(address)?.protocol ?? 'https:';
  return ["'self'", ...new Set(['http:', 'https:', protocol])].join(' ');
}

/** The origin of a registered address as a CSP source; its scheme for the custom schemes of native apps. */
export function originOf(address: string): string {
  const url = URL.parse(address);
  // A host may hold `;` and `,`, which would end this source and begin a directive of its own.
  if (url === null || /[;,']/.test(url.host)) return "'none'";
  return url.origin === 'null' ? url.protocol : url.origin;
}
