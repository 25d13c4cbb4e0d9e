import type { HttpResponse } from '../../web/http.ts';
import type { Level } from '../policy/authorize-policy.ts';
import { fullName } from '../people/person.ts';
import type { Person } from '../people/person.ts';
import { signInPage } from '../pages/sign-in-page.ts';
import type { SignInProblem } from '../pages/sign-in-page.ts';
import type { Attempt } from './complete.ts';
import { offeredFaults } from './faulty-boxes.ts';
import { localesOf } from './language.ts';

/** What the form held the last time, and what was wrong with it. */
interface SignInState {
  readonly problem?: SignInProblem;
  readonly typed?: string | undefined;
  readonly chosen?: string | undefined;
  readonly level?: string | undefined;
  readonly ticked?: readonly string[];
  /** What to search for among the people. */
  readonly query?: string | undefined;
  /** A language chosen just now. */
  readonly language?: string | undefined;
}

/** More people than this can be searched. */
const AT_A_GLANCE = 8;

/** The sign-in page for an attempt. */
export function renderSignIn(attempt: Attempt, transaction: string, state: SignInState): HttpResponse {
  const { realm, site, policy, place, client, request, http } = attempt;
  const everybody = policy.choices(realm, place);
  const query = everybody.length > AT_A_GLANCE ? (state.query ?? '') : undefined;
  const hint = request.loginHint;
  const locales = localesOf(site, http, request.locales);
  return signInPage({
    label: realm.persona.label,
    client: client.name,
    action: policy.path(place),
    redirectUri: request.redirectUri,
    locales: state.language === undefined ? locales : [state.language, ...locales],
    acceptLanguage: http.headers['accept-language'],
    transaction,
    people: query === undefined ? everybody : everybody.filter((person) => matches(person, query)),
    peopleInAll: everybody.length,
    query,
    chosen: state.chosen ?? everybody.find((person) => namesOf(person).includes(hint ?? ''))?.pid,
    typedPid: policy.typedPid ? (state.typed ?? '') : undefined,
    levels: offeredLevels(attempt),
    chosenLevel: state.level,
    faults: offeredFaults(attempt),
    ticked: state.ticked ?? [],
    problem: state.problem,
  });
}

/** The level that was chosen, if it is one that is offered; the highest when none was. */
export function levelOf(attempt: Attempt, value: string | undefined): Level | undefined {
  const { policy } = attempt;
  if (policy.levels.length === 0) return { value: '', acr: '' };
  return offeredLevels(attempt).find((level) => level.value === (value ?? policy.levels.at(-1)?.value));
}

function offeredLevels({ policy, request }: Attempt): readonly Level[] {
  return policy.levels.filter((level) => policy.acrSatisfies(level.acr, request.acr));
}

/** Every word that was typed stands somewhere in what is known of the person. */
function matches(person: Person, query: string): boolean {
  const known = [fullName(person), ...namesOf(person)].join(' ').toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => known.includes(word));
}

/** What a `login_hint` may call a person. */
function namesOf({ pid, employee }: Person): readonly string[] {
  return [pid, employee?.NAVident, employee?.preferredUsername].filter((name) => name !== undefined);
}
