import type { Question } from '../oauth/tokens/refresh-ahead.ts';
import type { HttpRequest, HttpResponse } from '../web/http.ts';
import { machineForm, machineQuestion } from './acquire/acquire.ts';
import { answerAgain } from './acquire/known-requests.ts';
import type { KnownRequest } from './acquire/known-requests.ts';
import { about } from './wire/about.ts';
import { findProvider } from './context.ts';
import type { SidecarContext } from './context.ts';
import { encodingOf, fieldsIn } from './wire/fields.ts';
import { hasMachineFieldsOnly, parseTokenRequest } from './wire/requests.ts';
import type { TokenRequest } from './wire/requests.ts';
import { serveToken } from './acquire/serve-token.ts';
import { apiAnswers } from './acquire/token-answers.ts';
import type { TokenAnswers, TokenService } from './acquire/token-answers.ts';
import { targetFault } from './wire/targets.ts';

const ANSWERS: TokenAnswers = apiAnswers('/api/v1/token');

/** POST /api/v1/token: a token for the application itself (sidecar-sdk.md 3.3). Throws Undecodable and BodyTooLarge. */
export async function handleToken(request: HttpRequest, context: SidecarContext): Promise<HttpResponse> {
  const encoding = encodingOf(request, context);
  const body = await request.body();
  const known = context.known.find(body, encoding);
  const again = known === undefined ? undefined : answerKnown(known, context);
  if (again !== undefined) return again;
  const fields = fieldsIn(body, encoding);
  const wanted = parseTokenRequest(fields);
  const service = { context, answers: ANSWERS };
  const judged = judge(wanted, service);
  if ('refused' in judged) return about(wanted.provider, judged.refused, wanted.target);
  const { question } = judged;
  if (hasMachineFieldsOnly(fields) && !wanted.skipCache) context.known.keep(body, encoding, { wanted, question });
  return await answerAsked(request, wanted, { question, service });
}

/** What is kept for a request that was asked before in these very words; undefined where it has to be asked for. */
function answerKnown(known: KnownRequest, { cache, emit }: SidecarContext): HttpResponse | undefined {
  const found = cache.find(known.question);
  if (found === undefined) {
    known.last = undefined;
    return undefined;
  }
  const { provider, target } = known.wanted;
  emit({ event: 'sidecar.cache', path: ANSWERS.path, provider, result: found.result });
  return answerAgain(known, found, () => about(provider, ANSWERS.granted(found.value, found.secondsLeft), target));
}

/** The steps of every endpoint that gives machine tokens. Throws Undecodable for a provider that is none. */
export async function answerMachine(
  request: HttpRequest,
  wanted: TokenRequest,
  service: TokenService,
): Promise<HttpResponse> {
  const judged = judge(wanted, service);
  if ('refused' in judged) return about(wanted.provider, judged.refused, wanted.target);
  return await answerAsked(request, wanted, { question: judged.question, service });
}

async function answerAsked(
  request: HttpRequest,
  wanted: TokenRequest,
  { question, service }: { readonly question: Question<string>; readonly service: TokenService },
): Promise<HttpResponse> {
  const { provider, target, skipCache } = wanted;
  const acquiring = service.context.cache.ask(question, { skip: skipCache });
  return about(provider, await serveToken(request, { matter: { provider, target }, service }, acquiring), target);
}

function judge(
  wanted: TokenRequest,
  { context, answers }: TokenService,
): { readonly refused: HttpResponse } | { readonly question: Question<string> } {
  const { provider } = wanted;
  const found = findProvider(context, provider);
  if ('off' in found) return { refused: answers.off(found.off) };
  const form = machineForm(found.provider, wanted, context.now);
  if (form === undefined) {
    return { refused: answers.unsupported(`identity provider ${provider} gives no machine tokens`) };
  }
  const fault = targetFault(wanted, context.targets);
  if (fault !== undefined) return { refused: answers.targetRefused(fault, provider) };
  return { question: machineQuestion(found.provider, wanted, { form, context }) };
}
