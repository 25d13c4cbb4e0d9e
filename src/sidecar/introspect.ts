import { json, JSON_HEADERS } from '../web/http.ts';
import type { HttpRequest, HttpResponse } from '../web/http.ts';
import { about } from './wire/about.ts';
import { providerUnavailable } from './wire/answers.ts';
import { findProvider } from './context.ts';
import type { SidecarContext } from './context.ts';
import { readFields } from './wire/fields.ts';
import { parseIntrospectRequest } from './wire/requests.ts';
import type { IntrospectRequest } from './wire/requests.ts';
import { verdictOn } from './judge/verdict.ts';

/** POST /api/v1/introspect: whether a JWT is one of this provider for this application (sidecar-sdk.md 3.5). Throws Undecodable. */
export async function handleIntrospect(request: HttpRequest, context: SidecarContext): Promise<HttpResponse> {
  const wanted = parseIntrospectRequest(await readFields(request, context));
  return about(wanted.provider, await answer(wanted, context));
}

async function answer({ provider, token }: IntrospectRequest, context: SidecarContext): Promise<HttpResponse> {
  const found = findProvider(context, provider);
  if ('off' in found) return json(200, { active: false, error: found.off });
  const verdict = await verdictOn(token, found.provider, { context, path: '/api/v1/introspect' });
  if ('unavailable' in verdict) return providerUnavailable(verdict.unavailable);
  if ('refused' in verdict) return json(200, { active: false, error: verdict.refused });
  return { status: 200, headers: JSON_HEADERS, body: verdict.active };
}
