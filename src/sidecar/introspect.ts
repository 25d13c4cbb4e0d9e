import { JoseError } from '../oauth/jws.ts';
import { json } from '../web/http.ts';
import type { HttpRequest, HttpResponse } from '../web/http.ts';
import { providerUnavailable } from './wire/answers.ts';
import { activeAnswer } from './wire/claims-text.ts';
import { findProvider } from './context.ts';
import type { SidecarContext } from './context.ts';
import { readFields } from './wire/fields.ts';
import { inactiveText, judgeToken, PayloadRefused } from './judge.ts';
import { parseIntrospectRequest } from './wire/requests.ts';

/** POST /api/v1/introspect: whether a JWT is one of this provider for this application (sidecar-sdk.md 3.5). Throws Undecodable. */
export async function handleIntrospect(request: HttpRequest, context: SidecarContext): Promise<HttpResponse> {
  const wanted = parseIntrospectRequest(await readFields(request, context));
  const found = findProvider(context, wanted.provider);
  if ('off' in found) return json(200, { active: false, error: found.off });
  const { now, leewaySeconds, results } = context;
  const { token } = wanted;
  const { provider } = found;
  const known = results?.find(token, provider);
  if (known !== undefined) return active(known);
  try {
    const { claims, text } = await judgeToken(token, provider, { now: now(), leewaySeconds });
    const answer = Buffer.from(activeAnswer(text));
    results?.keep(token, provider, { claims, answer });
    return active(answer);
  } catch (error) {
    if (!(error instanceof JoseError || error instanceof PayloadRefused)) throw error;
    if (error instanceof JoseError && error.code === 'keys_unavailable') {
      return providerUnavailable('its keys could not be fetched');
    }
    return json(200, { active: false, error: inactiveText(error) });
  }
}

function active(body: Uint8Array): HttpResponse {
  return { status: 200, headers: { 'Content-Type': 'application/json' }, body };
}
