/** Pages for people: plain, accessible, no script needed, nothing from a provider or a token in them. */
import { randomBytes } from 'node:crypto';
import type { Html, PageContent } from '../../web/html.ts';
import { html, page } from '../../web/html.ts';
import type { HttpResponse } from '../../web/http.ts';
import { ownAnswerHeaders } from '../../web/secure-headers.ts';
import type { OwnRequest } from '../context.ts';
import type { PageLocale } from './locale.ts';
import { choosePageLocale } from './locale.ts';
import { signOf } from './marks.ts';
import type { PageName } from './page-texts.ts';
import { PAGE_TEXTS } from './page-texts.ts';
import { PAGE_STYLES } from './styles.ts';

/** A form a page consists of: where it goes and what it carries. */
interface PageForm {
  readonly action: string;
  readonly fields: readonly (readonly [string, string])[];
  /** Origins the form may end at, redirects included (CSP `form-action`). */
  readonly destinations: readonly string[];
  /** Submits itself where scripts run; the visible button does it elsewhere. */
  readonly submitsItself: boolean;
}

/** One page to answer with. */
interface PageAnswer {
  readonly name: PageName;
  readonly status: number;
  /** Target of the action link; ignored when there is a form. */
  readonly actionUrl?: string;
  readonly form?: PageForm;
  /** The browser follows the action link by itself at once. */
  readonly movesOn?: boolean;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

const SUBMIT = "document.getElementById('go').submit();";
const NONCE_BYTES = 16;

/** The language a request is answered in: that of its login, else its `locale`, else the browser's, else the configured one. */
function localeOf({ http, ingress, locale }: OwnRequest): PageLocale {
  const signs = { attempt: locale, query: http.query, acceptLanguage: http.headers['accept-language'] };
  return choosePageLocale(signs, ingress.pages.locale);
}

function formMarkup(form: PageForm, label: string): Html {
  const fields = form.fields.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`);
  return html`<form id="go" method="post" action="${form.action}">${fields}<button class="primary" type="submit">${label}</button></form>`;
}

function actionMarkup(answer: PageAnswer, label: string): Html | undefined {
  if (answer.form !== undefined) return formMarkup(answer.form, label);
  return answer.actionUrl === undefined ? undefined : html`<a class="primary" href="${answer.actionUrl}">${label}</a>`;
}

function contentOf(request: OwnRequest, answer: PageAnswer, lang: PageLocale): PageContent {
  const words = PAGE_TEXTS[lang];
  const text = words.pages[answer.name];
  const { homeUrl } = request.ingress.pages;
  const home = answer.actionUrl !== homeUrl && html`<a class="home" href="${homeUrl}">${words.home}</a>`;
  const body = html`${signOf(answer.name)}
<h1>${text.title}</h1>
<p>${text.sentence}</p>
<p class="advice">${text.advice}</p>
<div class="actions">${actionMarkup(answer, text.action)}${home}</div>
<p class="reference">${words.reference}: <code translate="no">${request.http.correlationId}</code></p>`;
  const moves = answer.movesOn === true && answer.actionUrl !== undefined;
  return {
    lang,
    title: text.title,
    body,
    styles: PAGE_STYLES,
    nonce: randomBytes(NONCE_BYTES).toString('base64'),
    ...(moves ? { refresh: { seconds: 0, url: answer.actionUrl } } : {}),
    ...(answer.form?.submitsItself === true ? { script: SUBMIT } : {}),
  };
}

/** A page as an answer in the language of the request, with the strictest policy it works under. */
export function pageAnswer(request: OwnRequest, answer: PageAnswer): HttpResponse {
  const lang = localeOf(request);
  const made = page(contentOf(request, answer, lang));
  const destinations = answer.form === undefined ? "'none'" : answer.form.destinations.join(' ');
  const headers = ownAnswerHeaders({
    csp: `${made.csp}; form-action ${destinations}`,
    referrer: answer.form === undefined ? 'no-referrer' : 'same-origin',
  });
  const described = { 'Content-Type': 'text/html; charset=utf-8', 'Content-Language': lang };
  return { status: answer.status, headers: { ...headers, ...described, ...answer.headers }, body: made.html };
}

/**
 * The 200 page that a callback ends in under `SameSite=Strict`: it leads on to `target` at once, from our own site, and so
 * with the cookie that a redirect chain begun elsewhere would leave behind.
 */
export function bouncePage(request: OwnRequest, target: string): HttpResponse {
  return pageAnswer(request, { name: 'signed-in', status: 200, actionUrl: target, movesOn: true });
}
