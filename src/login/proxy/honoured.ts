/** An application's own challenge turned into a login that answers it. */
import { satisfiesLevel } from '../../providers/levels.ts';
import { headerValues } from '../../web/headers.ts';
import type { HttpResponse } from '../../web/http.ts';
import type { OwnRequest } from '../context.ts';
import { isNavigation } from '../guards.ts';
import type { FoundSession } from '../session/finding.ts';
import type { Shortfall } from '../step-up.ts';
import { shortfallOf } from '../step-up.ts';
import type { Challenge } from './challenge.ts';
import { readChallenge } from './challenge.ts';
import { askForMore } from './denials.ts';

/** Whoever signed in so lately has done all that can be asked for: a younger sign-in would be too old on arrival as well. */
const JUST_NOW_SECONDS = 30;

/** What a login can bring of what is asked for. Undefined when it would bring nothing that the session has not. */
function lackOf({ at, session }: FoundSession, challenge: Challenge): Shortfall | undefined {
  const { record } = session;
  const offered = at.client.metadata.loaded()?.levels ?? [];
  const isEnough = challenge.levels.some((level) => satisfiesLevel(level, record.acr));
  const level = isEnough ? undefined : challenge.levels.find((one) => offered.includes(one));
  // Asked for levels that the provider does not have, a login would only lead back here.
  if (!isEnough && level === undefined && challenge.levels.length > 0) return undefined;
  const maxAgeSeconds =
    challenge.maxAgeSeconds === undefined ? undefined : Math.max(challenge.maxAgeSeconds, JUST_NOW_SECONDS);
  const demands = { levels: level === undefined ? [] : [level], maxAgeSeconds };
  return shortfallOf(demands, record, at.now());
}

/** The redirect to login for an application's answer that asks for more; undefined where its answer has to stand. */
export function answerToChallenge(
  request: OwnRequest,
  found: FoundSession,
  answer: { readonly status: number; readonly raw: readonly string[] },
): HttpResponse | undefined {
  if (answer.status !== 401 || !isNavigation(request.http)) return undefined;
  const challenge = readChallenge(headerValues(answer.raw, 'www-authenticate'));
  const lack = challenge && lackOf(found, challenge);
  return lack === undefined ? undefined : askForMore(request, found, lack);
}
