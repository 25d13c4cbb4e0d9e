import { html } from '../web/html.ts';
import type { Html } from '../web/html.ts';
import type { HttpResponse } from '../web/http.ts';
import type { PageSetting } from './pages.ts';
import { originOf, respondWithPage } from './pages.ts';
import { fullName } from './person.ts';
import type { Person } from './person.ts';
import { languageOf, TEXTS } from './texts.ts';
import type { Texts } from './texts.ts';

/** What was wrong with the form the last time. */
export type SignInProblem = 'nobody' | 'pid' | 'level';

/** Everything the sign-in page shows. */
export interface SignInView extends PageSetting {
  readonly client: string;
  readonly action: string;
  readonly redirectUri: string;
  readonly transaction: string;
  readonly people: readonly Person[];
  readonly chosen: string | undefined;
  /** Content of the field for another pid; undefined where there is no such field. */
  readonly typedPid: string | undefined;
  readonly levels: readonly { readonly value: string }[];
  readonly problem: SignInProblem | undefined;
}

/** The sign-in page: plain forms, no script. Names and ids are stable, tests click them. */
export function signInPage(view: SignInView): HttpResponse {
  const texts = TEXTS[languageOf(view.locales, view.acceptLanguage)];
  const title = texts.signInTo(view.label);
  return respondWithPage(view, {
    title,
    // Browsers apply form-action to the redirect that answers the form too.
    policy: `form-action 'self' ${originOf(view.redirectUri)}`,
    body: html`<h1>${title}</h1>
<p>${texts.forClient(view.client)}</p>
${view.problem !== undefined && html`<p class="problem" role="alert" id="fm-problem">${problemText(texts, view.problem)}</p>`}
<form id="fm-login" method="post" action="${view.action}">
<input type="hidden" name="transaction" value="${view.transaction}">
${peopleField(texts, view)}
${pidField(texts, view)}
${levelField(texts, view)}
<div class="actions">
<button id="fm-continue" name="continue" value="1">${texts.proceed}</button>
<button id="fm-cancel" name="cancel" value="1" class="second">${texts.cancel}</button>
</div>
</form>`,
  });
}

function peopleField(texts: Texts, view: SignInView): Html {
  const chosen = view.chosen ?? view.people[0]?.pid;
  const choices = view.people.map(
    (
      person,
    ) => html`<label class="choice"><input type="radio" name="person" value="${person.pid}"${person.pid === chosen && html` checked`}>
<span>${fullName(person)}<small>${detailOf(person, view)}</small></span></label>
`,
  );
  return html`<fieldset><legend>${texts.person}</legend><div class="people">${choices}</div></fieldset>`;
}

/** Where a pid can be typed the pid tells people apart, elsewhere the user name. */
function detailOf(person: Person, view: SignInView): string {
  if (view.typedPid !== undefined || person.employee === undefined) return `${person.pid} · ${person.eid}`;
  return [person.employee.preferredUsername, person.employee.NAVident].filter((part) => part !== undefined).join(' · ');
}

function pidField(texts: Texts, view: SignInView): Html | undefined {
  if (view.typedPid === undefined) return undefined;
  return html`<fieldset><label class="label" for="fm-pid">${texts.otherPerson}</label>
<span class="help" id="fm-pid-help">${texts.otherPersonHelp}</span>
<input type="text" id="fm-pid" name="pid" value="${view.typedPid}" inputmode="numeric" autocomplete="off" maxlength="14" aria-describedby="fm-pid-help"${view.problem === 'pid' && html` aria-invalid="true"`}></fieldset>`;
}

function levelField(texts: Texts, view: SignInView): Html | undefined {
  if (view.levels.length === 0) return undefined;
  const last = view.levels.at(-1)?.value;
  const choices = view.levels.map(
    ({
      value,
    }) => html`<label class="choice"><input type="radio" name="acr" value="${value}"${value === last && html` checked`}>
<span>${value === 'high' ? texts.high : texts.substantial}</span></label>
`,
  );
  return html`<fieldset><legend>${texts.level}</legend>${choices}</fieldset>`;
}

function problemText(texts: Texts, problem: SignInProblem): string {
  if (problem === 'nobody') return texts.problemNobody;
  return problem === 'pid' ? texts.problemPid : texts.problemLevel;
}
