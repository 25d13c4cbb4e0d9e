import type { HttpRequest, HttpResponse } from '../web/http.ts';
import { acquireMachineToken, machineForm } from './acquire.ts';
import { about } from './wire/about.ts';
import { badRequest } from './wire/answers.ts';
import { findProvider } from './context.ts';
import type { SidecarContext } from './context.ts';
import { readFields } from './wire/fields.ts';
import { parseTokenRequest } from './wire/requests.ts';
import type { TokenRequest } from './wire/requests.ts';
import { serveToken } from './serve-token.ts';
import { targetFault } from './wire/targets.ts';

/** POST /api/v1/token: a token for the application itself (sidecar-sdk.md 3.3). Throws Undecodable. */
export async function handleToken(request: HttpRequest, context: SidecarContext): Promise<HttpResponse> {
  const wanted = parseTokenRequest(await readFields(request, context));
  return about(wanted.provider, await answer(request, wanted, context), wanted.target);
}

async function answer(request: HttpRequest, wanted: TokenRequest, context: SidecarContext): Promise<HttpResponse> {
  const found = findProvider(context, wanted.provider);
  if ('off' in found) return badRequest(found.off);
  const form = machineForm(found.provider, wanted, context.now);
  if (form === undefined) return badRequest(`identity provider ${wanted.provider} gives no machine tokens`);
  const fault = targetFault(wanted, context.targets);
  if (fault !== undefined) return badRequest(fault);
  const matter = { path: '/api/v1/token', provider: wanted.provider, target: wanted.target };
  return await serveToken(request, { matter, context }, acquireMachineToken(found.provider, wanted, { form, context }));
}
