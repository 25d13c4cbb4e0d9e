import type { HttpRequest, HttpResponse } from '../web/http.ts';
import { acquireUserToken, exchangeForm } from './acquire.ts';
import { about } from './wire/about.ts';
import { badRequest } from './wire/answers.ts';
import { findProvider } from './context.ts';
import type { SidecarContext } from './context.ts';
import { readFields } from './wire/fields.ts';
import { parseExchangeRequest } from './wire/requests.ts';
import type { ExchangeRequest } from './wire/requests.ts';
import { serveToken } from './serve-token.ts';
import { targetFault } from './wire/targets.ts';
import { userTokenFault } from './user-token.ts';

/** POST /api/v1/token/exchange: a token on behalf of a user (sidecar-sdk.md 3.3). Throws Undecodable. */
export async function handleExchange(request: HttpRequest, context: SidecarContext): Promise<HttpResponse> {
  const wanted = parseExchangeRequest(await readFields(request, context));
  return about(wanted.provider, await answer(request, wanted, context), wanted.target);
}

async function answer(request: HttpRequest, wanted: ExchangeRequest, context: SidecarContext): Promise<HttpResponse> {
  const { provider, target, userToken } = wanted;
  const found = findProvider(context, provider);
  if ('off' in found) return badRequest(found.off);
  const form = exchangeForm(found.provider, wanted, context.now);
  if (form === undefined) return badRequest(`identity provider ${provider} exchanges no tokens`);
  const fault = targetFault(wanted, context.targets);
  if (fault !== undefined) return badRequest(fault);
  if (context.validateUserToken) {
    const refused = await userTokenFault(userToken, provider, { context, cid: request.correlationId });
    if (refused !== undefined) return refused;
  }
  const matter = { path: '/api/v1/token/exchange', provider, target };
  return await serveToken(request, { matter, context }, acquireUserToken(found.provider, wanted, { form, context }));
}
