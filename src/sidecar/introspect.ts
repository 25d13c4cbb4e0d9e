import { JoseError } from '../oauth/jws.ts';
import { json } from '../web/http.ts';
import type { HttpRequest, HttpResponse } from '../web/http.ts';
import { about } from './wire/about.ts';
import { providerUnavailable } from './wire/answers.ts';
import { findProvider } from './context.ts';
import type { SidecarContext } from './context.ts';
import { readFields } from './wire/fields.ts';
import { inactiveText, PayloadRefused } from './judge.ts';
import { judgeOnce } from './judged.ts';
import { parseIntrospectRequest } from './wire/requests.ts';
import type { IntrospectRequest } from './wire/requests.ts';

/** POST /api/v1/introspect: whether a JWT is one of this provider for this application (sidecar-sdk.md 3.5). Throws Undecodable. */
export async function handleIntrospect(request: HttpRequest, context: SidecarContext): Promise<HttpResponse> {
  const wanted = parseIntrospectRequest(await readFields(request, context));
  return about(wanted.provider, await answer(wanted, context));
}

async function answer({ provider, token }: IntrospectRequest, context: SidecarContext): Promise<HttpResponse> {
  const found = findProvider(context, provider);
  if ('off' in found) return json(200, { active: false, error: found.off });
  const tell = (result: 'hit' | 'miss'): void => {
    if (context.results === undefined) return;
    context.emit({ event: 'sidecar.cache', path: '/api/v1/introspect', provider, result });
  };
  try {
    const judged = await judgeOnce(token, found.provider, context);
    tell(judged.result);
    return { status: 200, headers: { 'Content-Type': 'application/json' }, body: judged.answer };
  } catch (error) {
    if (!(error instanceof JoseError || error instanceof PayloadRefused)) throw error;
    tell('miss');
    if (error instanceof JoseError && error.code === 'keys_unavailable') {
      return providerUnavailable('its keys could not be fetched');
    }
    return json(200, { active: false, error: inactiveText(error) });
  }
}
