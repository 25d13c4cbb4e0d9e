import type { HttpRequest, HttpResponse } from '../web/http.ts';
import { acquireUserToken, exchangeForm } from './acquire/acquire.ts';
import { about } from './wire/about.ts';
import { findProvider } from './context.ts';
import type { SidecarContext } from './context.ts';
import { readFields } from './wire/fields.ts';
import { parseExchangeRequest } from './wire/requests.ts';
import type { ExchangeRequest } from './wire/requests.ts';
import { serveToken } from './acquire/serve-token.ts';
import { apiAnswers } from './acquire/token-answers.ts';
import type { TokenAnswers, TokenService } from './acquire/token-answers.ts';
import { targetFault } from './wire/targets.ts';
import { userTokenFault } from './judge/user-token.ts';

const ANSWERS: TokenAnswers = apiAnswers('/api/v1/token/exchange');

/** POST /api/v1/token/exchange: a token on behalf of a user (sidecar-sdk.md 3.3). Throws Undecodable. */
export async function handleExchange(request: HttpRequest, context: SidecarContext): Promise<HttpResponse> {
  const wanted = parseExchangeRequest(await readFields(request, context));
  return await answerExchange(request, wanted, { context, answers: ANSWERS });
}

/** The steps of every endpoint that exchanges user tokens. Throws Undecodable for a provider that is none. */
export async function answerExchange(
  request: HttpRequest,
  wanted: ExchangeRequest,
  service: TokenService,
): Promise<HttpResponse> {
  return about(wanted.provider, await answer(request, wanted, service), wanted.target);
}

async function answer(request: HttpRequest, wanted: ExchangeRequest, service: TokenService): Promise<HttpResponse> {
  const { context, answers } = service;
  const { provider, target, userToken } = wanted;
  const found = findProvider(context, provider);
  if ('off' in found) return answers.off(found.off);
  const form = exchangeForm(found.provider, wanted, context.now);
  if (form === undefined) return answers.unsupported(`identity provider ${provider} exchanges no tokens`);
  const fault = targetFault(wanted, context.targets);
  if (fault !== undefined) return answers.targetRefused(fault, provider);
  if (context.validateUserToken) {
    const refused = await userTokenFault(userToken, provider, { ...service, cid: request.correlationId });
    if (refused !== undefined) return refused;
  }
  const acquiring = acquireUserToken(found.provider, wanted, { form, context });
  return await serveToken(request, { matter: { provider, target, userToken }, service }, acquiring);
}
