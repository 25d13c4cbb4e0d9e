/** The parameters of an authorization request, and the URL the browser is sent to (OpenID Connect Core 3.1.2.1). */
import { codeChallenge } from '../../oauth/pkce.ts';
import { normaliseLevel } from '../../providers/levels.ts';
import type { ProviderMetadata } from '../../providers/metadata.ts';
import { pushAuthorizationRequest } from '../../providers/pushed-request.ts';
import type { LoginContext, OwnRequest } from '../context.ts';
import type { Attempt } from './login-state.ts';

/** What one login asks of the provider. */
export interface LoginWishes {
  readonly level: string | undefined;
  readonly locale: string | undefined;
  readonly prompt: string | undefined;
  readonly domainHint: string | undefined;
}

/** The level to ask for: the given one if the provider knows it (also by its retired name), else the configured one. */
export function chooseLevel(
  given: string | undefined,
  configured: string | undefined,
  supported: readonly string[] | undefined,
): string | undefined {
  for (const level of [given, configured]) {
    if (level === undefined) continue;
    if (supported === undefined ? level === configured : supported.includes(level)) return level;
    const current = normaliseLevel(level);
    if (supported?.includes(current) === true) return current;
  }
  return undefined;
}

/** The prompt to send: what the provider does not know becomes `login`. */
export function choosePrompt(given: string | undefined, supported: readonly string[] | undefined): string | undefined {
  if (given === undefined) return undefined;
  const known = given === 'login' || given === 'select_account';
  return known && supported?.includes(given) !== false ? given : 'login';
}

/** The locale to send: an exact member of what the provider offers, else the configured one. */
export function chooseLocale(
  given: string | undefined,
  configured: string | undefined,
  supported: readonly string[] | undefined,
): string | undefined {
  return given !== undefined && supported?.includes(given) === true ? given : configured;
}

/** Where the provider sends the browser back to: built from the configured ingress only, and a route of its own for each provider. */
export function redirectUri({ provider }: LoginContext, { ingress }: OwnRequest): string {
  return `${ingress.url}/oauth2/callback${provider.isDefault ? '' : `/${provider.name}`}`;
}

function requestParameters(
  context: LoginContext,
  request: OwnRequest,
  login: { readonly attempt: Attempt; readonly wishes: LoginWishes },
): URLSearchParams {
  const { provider } = context;
  const { attempt, wishes } = login;
  const parameters = new URLSearchParams({
    client_id: provider.clientId,
    response_type: 'code',
    response_mode: 'query',
    redirect_uri: redirectUri(context, request),
    scope: provider.scopes.join(' '),
    state: attempt.state,
    nonce: attempt.nonce,
    code_challenge: codeChallenge(attempt.codeVerifier),
    code_challenge_method: 'S256',
  });
  const optional: readonly (readonly [string, string | undefined])[] = [
    ['acr_values', wishes.level],
    ['ui_locales', wishes.locale],
    ['prompt', wishes.prompt],
    ['max_age', wishes.prompt === 'login' ? '0' : undefined],
    ['resource', provider.resource],
    ['domain_hint', wishes.domainHint],
  ];
  for (const [name, value] of optional) if (value !== undefined) parameters.set(name, value);
  return parameters;
}

/** The URL to send the browser to; pushes the parameters first when the provider takes them. Throws ProviderFault. */
export async function authorizationUrl(
  context: LoginContext,
  request: OwnRequest,
  login: { readonly metadata: ProviderMetadata; readonly attempt: Attempt; readonly wishes: LoginWishes },
): Promise<string> {
  const { metadata } = login;
  const url = new URL(metadata.endpoint('authorization_endpoint') ?? '');
  const parameters = requestParameters(context, request, login);
  if (metadata.endpoint('pushed_authorization_request_endpoint') === undefined) {
    for (const [name, value] of parameters) url.searchParams.set(name, value);
    return url.href;
  }
  const requestUri = await pushAuthorizationRequest(context.client, metadata, parameters);
  url.searchParams.set('client_id', context.provider.clientId);
  url.searchParams.set('request_uri', requestUri);
  return url.href;
}
