/** Pages for people: plain, accessible, no script needed, nothing from a provider or a token in them. */
import type { Html } from '../../web/html.ts';
import { html, page } from '../../web/html.ts';
import type { HttpResponse } from '../../web/http.ts';
import { ownAnswerHeaders } from '../../web/secure-headers.ts';
import type { PageName } from './page-texts.ts';
import { BOKMAAL, COMMON } from './page-texts.ts';

const STYLES = `
body { min-height: 100vh; display: grid; place-items: center; background: #f2f3f5; color: #1b1f26; }
main { box-sizing: border-box; width: min(34rem, 100% - 2rem); max-width: none; margin: 2rem auto; padding: 2.5rem; background: #fff; border-radius: .75rem; border-top: .4rem solid #0b5cad; box-shadow: 0 1px 2px #0002, 0 8px 24px #0001; }
h1 { margin: 0 0 1rem; font-size: 1.6rem; }
p { margin: 0 0 1rem; }
.actions { display: flex; flex-wrap: wrap; gap: .75rem 1.25rem; align-items: center; margin: 1.75rem 0 0; }
.primary { display: inline-block; padding: .7rem 1.2rem; border: 0; border-radius: .4rem; background: #0b5cad; color: #fff; font-weight: 600; text-decoration: none; cursor: pointer; }
.primary:hover { background: #084a8c; }
.home { color: #0b5cad; }
.reference { margin: 2rem 0 0; padding-top: 1rem; border-top: 1px solid #d8dce2; color: #545c69; font-size: .85rem; overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) {
  body { background: #14171c; color: #e8eaee; }
  main { background: #1e232b; }
  .home { color: #8fc1ff; }
  .reference { color: #a9b1be; border-color: #3a424f; }
}
`;

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
export interface PageAnswer {
  readonly name: PageName;
  readonly status: number;
  readonly correlationId: string;
  readonly homeUrl: string;
  /** Target of the action link; ignored when there is a form. */
  readonly actionUrl?: string;
  readonly form?: PageForm;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

const SUBMIT = "document.getElementById('go').submit();";

function formMarkup(form: PageForm, label: string): Html {
  const fields = form.fields.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`);
  return html`<form id="go" method="post" action="${form.action}">${fields}<button class="primary" type="submit">${label}</button></form>`;
}

function actionMarkup(answer: PageAnswer, label: string): Html | undefined {
  if (answer.form !== undefined) return formMarkup(answer.form, label);
  return answer.actionUrl === undefined ? undefined : html`<a class="primary" href="${answer.actionUrl}">${label}</a>`;
}

/** A page as an answer, with the strictest policy it works under. */
export function pageAnswer(answer: PageAnswer): HttpResponse {
  const text = BOKMAAL[answer.name];
  const showHome = answer.actionUrl !== answer.homeUrl;
  const home = showHome ? html`<a class="home" href="${answer.homeUrl}">${COMMON.home}</a>` : undefined;
  const body = html`<h1>${text.title}</h1>
<p>${text.sentence}</p>
<p>${text.advice}</p>
<div class="actions">${actionMarkup(answer, text.action)}${home}</div>
<p class="reference">${COMMON.reference}: ${answer.correlationId}</p>`;
  const script = answer.form?.submitsItself === true ? { script: SUBMIT } : {};
  const made = page({ lang: 'nb', title: text.title, body, styles: STYLES, ...script });
  const destinations = answer.form === undefined ? "'none'" : answer.form.destinations.join(' ');
  const headers = ownAnswerHeaders({
    csp: `${made.csp}; form-action ${destinations}`,
    referrer: answer.form === undefined ? 'no-referrer' : 'same-origin',
  });
  return {
    status: answer.status,
    headers: { ...headers, 'Content-Type': 'text/html; charset=utf-8', ...answer.headers },
    body: made.html,
  };
}
