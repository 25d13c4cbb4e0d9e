import { html } from '../../web/html.ts';
import type { Html } from '../../web/html.ts';
import type { HttpResponse } from '../../web/http.ts';
import type { PageSetting } from './pages.ts';
import { formWay, respondWithPage } from './pages.ts';
import { fullName } from '../people/person.ts';
import type { Person } from '../people/person.ts';
import { languageOf, LANGUAGES, TEXTS } from './texts.ts';
import type { Language } from './texts.ts';
import type { Texts, TickableFault } from './texts/texts.ts';

/** What was wrong with the form the last time. */
export type SignInProblem = 'nobody' | 'pid' | 'level';

/** Everything the sign-in page shows. */
export interface SignInView extends PageSetting {
  readonly client: string;
  readonly action: string;
  readonly redirectUri: string;
  readonly transaction: string;
  /** The people to choose from, and how many there are beside them. */
  readonly people: readonly Person[];
  readonly peopleInAll: number;
  /** What was searched for; undefined where there are too few people to search among. */
  readonly query: string | undefined;
  readonly chosen: string | undefined;
  /** Content of the field for another pid; undefined where there is no such field. */
  readonly typedPid: string | undefined;
  readonly levels: readonly { readonly value: string }[];
  readonly chosenLevel: string | undefined;
  readonly faults: readonly TickableFault[];
  readonly ticked: readonly string[];
  readonly problem: SignInProblem | undefined;
}

/** The sign-in page: plain forms, no script. Names and ids are stable, tests click them. */
export function signInPage(view: SignInView): HttpResponse {
  const language = languageOf(view.locales, view.acceptLanguage);
  const texts = TEXTS[language];
  const title = texts.signInTo(view.label);
  return respondWithPage(view, {
    title,
    policy: `form-action ${formWay(view.redirectUri)}`,
    body: html`${languages(texts, language)}
<h1>${title}</h1>
<p>${texts.forClient[0]}<strong>${view.client}</strong>${texts.forClient[1]}</p>
${problemSummary(texts, view.problem)}
<form id="fm-login" method="post" action="${view.action}">
${hidden(view)}
${peopleField(texts, view)}
${pidField(texts, view)}
${levelField(texts, view)}
${faultsField(texts, view)}
<div class="actions">
<button id="fm-continue" name="continue" value="1">${texts.proceed}</button>
<button id="fm-cancel" name="cancel" value="1" class="second">${texts.cancel}</button>
</div>
</form>
${view.query !== undefined && besideForm('fm-search', view)}
${besideForm('fm-language', view)}`,
  });
}

function hidden(view: SignInView): Html {
  return html`<input type="hidden" name="transaction" value="${view.transaction}">`;
}

function languages(texts: Texts, current: Language): Html {
  const choices = LANGUAGES.map((language) => {
    const { name } = TEXTS[language];
    if (language === current) return html`<span aria-current="true">${name}</span>\n`;
    return html`<button form="fm-language" class="link" name="lang" value="${language}" lang="${language}">${name}</button>\n`;
  });
  return html`<nav class="languages" aria-label="${texts.language}">${choices}</nav>`;
}

/** Its controls stand among those of the sign-in form, but Enter in them must not sign in. */
function besideForm(id: string, view: SignInView): Html {
  return html`<form id="${id}" method="post" action="${view.action}">${hidden(view)}</form>`;
}

function searchField(texts: Texts, view: SignInView): Html | undefined {
  if (view.query === undefined) return undefined;
  return html`<div class="field"><label class="label" for="fm-q">${texts.search}</label>
<div class="search"><input type="text" id="fm-q" name="q" form="fm-search" value="${view.query}" autocomplete="off" maxlength="100">
<button id="fm-search-button" form="fm-search" name="search" value="1" class="second">${texts.searchButton}</button></div>
${view.query !== '' && html`<p class="help" role="status" id="fm-found">${texts.found(view.people.length, view.peopleInAll)}</p>`}</div>`;
}

function problemSummary(texts: Texts, problem: SignInProblem | undefined): Html | undefined {
  if (problem === undefined) return undefined;
  const [field, text] = {
    nobody: ['fm-people', texts.problemNobody] as const,
    pid: ['fm-pid', texts.problemPid] as const,
    level: ['fm-levels', texts.problemLevel] as const,
  }[problem];
  return html`<div class="problem" role="alert" id="fm-problem" aria-labelledby="fm-problem-title">
<h2 id="fm-problem-title">${texts.problem}</h2>
<a href="#${field}">${text}</a>
</div>`;
}

function peopleField(texts: Texts, view: SignInView): Html {
  const chosen = view.people.some(({ pid }) => pid === view.chosen) ? view.chosen : view.people[0]?.pid;
  const choices = view.people.map(
    (
      person,
    ) => html`<label class="choice"><input type="radio" name="person" value="${person.pid}"${person.pid === chosen && html` checked`}>
<span>${fullName(person)}<small>${detailOf(person, view)}</small></span></label>
`,
  );
  return html`<fieldset id="fm-people"><legend>${texts.person}</legend>
${searchField(texts, view)}<div class="people">${choices}</div></fieldset>`;
}

/** Where a pid can be typed the pid tells people apart, elsewhere the user name. */
function detailOf(person: Person, view: SignInView): string {
  if (view.typedPid !== undefined || person.employee === undefined) return `${person.pid} · ${person.eid}`;
  return [person.employee.preferredUsername, person.employee.NAVident].filter((part) => part !== undefined).join(' · ');
}

function pidField(texts: Texts, view: SignInView): Html | undefined {
  if (view.typedPid === undefined) return undefined;
  const wrong = view.problem === 'pid';
  return html`<div class="field"><label class="label" for="fm-pid">${texts.otherPerson}</label>
<span class="help" id="fm-pid-help">${texts.otherPersonHelp}</span>
<input type="text" id="fm-pid" name="pid" value="${view.typedPid}" inputmode="numeric" autocomplete="off" maxlength="14" size="14" aria-describedby="fm-pid-help${wrong && ' fm-pid-problem'}"${wrong && html` aria-invalid="true"`}>
${wrong && html`<span class="wrong" id="fm-pid-problem">${texts.problemPid}</span>`}</div>`;
}

function levelField(texts: Texts, view: SignInView): Html | undefined {
  if (view.levels.length === 0) return undefined;
  const checked = view.levels.find(({ value }) => value === view.chosenLevel) ?? view.levels.at(-1);
  const choices = view.levels.map(
    ({
      value,
    }) => html`<label class="choice"><input type="radio" name="acr" value="${value}"${value === checked?.value && html` checked`}>
<span>${value === 'high' ? texts.high : texts.substantial}</span></label>
`,
  );
  return html`<fieldset id="fm-levels"><legend>${texts.level}</legend><div class="levels">${choices}</div></fieldset>`;
}

function faultsField(texts: Texts, view: SignInView): Html {
  const boxes = view.faults.map(
    (
      fault,
    ) => html`<label class="tick"><input type="checkbox" name="fault" value="${fault}"${view.ticked.includes(fault) && html` checked`}>
<span><code>${fault}</code> <small>${texts.fault[fault]}</small></span></label>
`,
  );
  return html`<details id="fm-faults"${view.ticked.length > 0 && html` open`}><summary>${texts.faults}</summary>
<fieldset><legend class="help">${texts.faultsHelp}</legend>${boxes}</fieldset></details>`;
}
