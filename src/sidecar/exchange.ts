import type { HttpRequest, HttpResponse } from '../web/http.ts';
import { acquireUserToken, exchangeForm } from './acquire.ts';
import { badRequest } from './wire/answers.ts';
import { findProvider } from './context.ts';
import type { SidecarContext } from './context.ts';
import { readFields } from './wire/fields.ts';
import { parseExchangeRequest } from './wire/requests.ts';
import { serveToken } from './serve-token.ts';
import { targetFault } from './wire/targets.ts';

/** POST /api/v1/token/exchange: a token on behalf of a user (sidecar-sdk.md 3.3). Throws Undecodable. */
export async function handleExchange(request: HttpRequest, context: SidecarContext): Promise<HttpResponse> {
  const wanted = parseExchangeRequest(await readFields(request, context));
  const found = findProvider(context, wanted.provider);
  if ('off' in found) return badRequest(found.off);
  const form = exchangeForm(found.provider, wanted, context.now);
  if (form === undefined) return badRequest(`identity provider ${wanted.provider} exchanges no tokens`);
  const fault = targetFault(wanted.target, context.targets);
  if (fault !== undefined) return badRequest(fault);
  const matter = { path: '/token/exchange', provider: wanted.provider, target: wanted.target } as const;
  return await serveToken(request, { matter, context }, acquireUserToken(found.provider, wanted, { form, context }));
}
