import { JoseError } from '../../oauth/jws.ts';
import { empty, json } from '../../web/http.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import { lookUpProvider } from '../context.ts';
import type { SidecarContext } from '../context.ts';
import { providerNamedIn } from '../judge/named-issuer.ts';
import type { Provider } from '../provider/provider.ts';
import { verdictOn } from '../judge/verdict.ts';
import { about } from '../wire/about.ts';
import { keysUnavailable } from './answers.ts';
import { introspectionAnswer } from './introspection-answer.ts';
import { readOAuthForm, requiredParameter } from './oauth-form.ts';

/** Introspection at one provider, and at the one a token names, in figures: as the route table has them. */
const PATHS = {
  one: '/oauth2/:provider/introspect',
  any: '/oauth2/introspect',
};

/** POST /oauth2/{provider}/introspect (RFC 7662): at a provider that is off no token is good. Throws OAuthError. */
export async function handleOAuthIntrospect(
  request: HttpRequest,
  name: string,
  context: SidecarContext,
): Promise<HttpResponse> {
  const found = lookUpProvider(context, name);
  if (found === undefined) return empty(404);
  const token = await readToken(request, context);
  const provider = 'off' in found ? undefined : found.provider;
  return about(name, await answer(token, provider, { context, path: PATHS.one }));
}

/** POST /oauth2/introspect: the same, at the provider that the token says it is from. Throws OAuthError. */
export async function handleIntrospectAny(request: HttpRequest, context: SidecarContext): Promise<HttpResponse> {
  const token = await readToken(request, context);
  const provider = issuerOf(token, context);
  const response = await answer(token, provider, { context, path: PATHS.any });
  return provider === undefined ? response : about(provider.settings.name, response);
}

async function readToken(request: HttpRequest, context: SidecarContext): Promise<string> {
  return requiredParameter(await readOAuthForm(request, context), 'token');
}

function issuerOf(token: string, { providers }: SidecarContext): Provider | undefined {
  try {
    return providerNamedIn(token, providers.values());
  } catch (error) {
    if (error instanceof JoseError) return undefined;
    throw error;
  }
}

/** Of a token that is not good nothing else is said (RFC 7662 2.2). */
async function answer(
  token: string,
  provider: Provider | undefined,
  endpoint: { readonly context: SidecarContext; readonly path: string },
): Promise<HttpResponse> {
  const verdict = provider === undefined ? undefined : await verdictOn(token, provider, endpoint);
  if (verdict === undefined || 'refused' in verdict) return json(200, { active: false });
  if ('unavailable' in verdict) return keysUnavailable(verdict.unavailable);
  const body = introspectionAnswer(verdict.active);
  return { status: 200, headers: { 'Content-Type': 'application/json' }, body };
}
