import { GRANT } from '../../oauth/client-assertion.ts';
import { errorResponse, unsupportedGrantType } from '../../oauth/errors.ts';
import { empty } from '../../web/http.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import { lookUpProvider } from '../context.ts';
import type { SidecarContext } from '../context.ts';
import { answerExchange } from '../exchange.ts';
import { answerMachine } from '../token.ts';
import { about } from '../wire/about.ts';
import { CLIENT_CREDENTIALS_ANSWERS, EXCHANGE_ANSWERS } from './answers.ts';
import { grantsOf } from './grants.ts';
import { readOAuthForm, requiredParameter } from './oauth-form.ts';
import { parseClientCredentials, parseTokenExchange } from './token-request.ts';

/**
 * POST /oauth2/{provider}/token: client credentials (RFC 6749 4.4) and token exchange (RFC 8693) of the application, whoever the
 * caller says it is (sidecar-sdk.md 3.7). Throws OAuthError.
 */
export async function handleOAuthToken(
  request: HttpRequest,
  name: string,
  context: SidecarContext,
): Promise<HttpResponse> {
  const found = lookUpProvider(context, name);
  if (found === undefined) return empty(404);
  const form = await readOAuthForm(request, context);
  const grant = requiredParameter(form, 'grant_type');
  if ('off' in found) return about(name, CLIENT_CREDENTIALS_ANSWERS.off(found.off));
  if (!grantsOf(found.provider, context.now).includes(grant)) {
    return about(name, errorResponse(unsupportedGrantType(`this grant is not served for ${name}`)));
  }
  if (grant === GRANT.clientCredentials) {
    const answers = CLIENT_CREDENTIALS_ANSWERS;
    return await answerMachine(request, parseClientCredentials(form, name), { context, answers });
  }
  return await answerExchange(request, parseTokenExchange(form, name), { context, answers: EXCHANGE_ANSWERS });
}
