import type { HttpRequest, HttpResponse } from '../web/http.ts';
import { acquireMachineToken, machineForm } from './acquire/acquire.ts';
import { about } from './wire/about.ts';
import { findProvider } from './context.ts';
import type { SidecarContext } from './context.ts';
import { readFields } from './wire/fields.ts';
import { parseTokenRequest } from './wire/requests.ts';
import type { TokenRequest } from './wire/requests.ts';
import { serveToken } from './acquire/serve-token.ts';
import { apiAnswers } from './acquire/token-answers.ts';
import type { TokenAnswers, TokenService } from './acquire/token-answers.ts';
import { targetFault } from './wire/targets.ts';

const ANSWERS: TokenAnswers = apiAnswers('/api/v1/token');

/** POST /api/v1/token: a token for the application itself (sidecar-sdk.md 3.3). Throws Undecodable. */
export async function handleToken(request: HttpRequest, context: SidecarContext): Promise<HttpResponse> {
  const wanted = parseTokenRequest(await readFields(request, context));
  return await answerMachine(request, wanted, { context, answers: ANSWERS });
}

/** The steps of every endpoint that gives machine tokens. Throws Undecodable for a provider that is none. */
export async function answerMachine(
  request: HttpRequest,
  wanted: TokenRequest,
  service: TokenService,
): Promise<HttpResponse> {
  return about(wanted.provider, await answer(request, wanted, service), wanted.target);
}

function answer(
  request: HttpRequest,
  wanted: TokenRequest,
  service: TokenService,
): HttpResponse | Promise<HttpResponse> {
  const { context, answers } = service;
  const { provider, target } = wanted;
  const found = findProvider(context, provider);
  if ('off' in found) return answers.off(found.off);
  const form = machineForm(found.provider, wanted, context.now);
  if (form === undefined) return answers.unsupported(`identity provider ${provider} gives no machine tokens`);
  const fault = targetFault(wanted, context.targets);
  if (fault !== undefined) return answers.targetRefused(fault, provider);
  const acquiring = acquireMachineToken(found.provider, wanted, { form, context });
  return serveToken(request, { matter: { provider, target }, service }, acquiring);
}
