/** Sending a browser to a provider's end of session (OpenID Connect RP-Initiated Logout 1.0 2). */
import { parseJwt, stringClaim } from '../../oauth/jwt.ts';
import type { ProviderMetadata } from '../../providers/metadata.ts';
import type { HttpResponse } from '../../web/http.ts';
import { redirectTo } from '../answers.ts';
import type { LoginContext, OwnRequest } from '../context.ts';
import { pageAnswer } from '../pages/pages.ts';
import type { StoredSession } from '../session/sessions.ts';
import { originsOfDomain } from '../sso/origins.ts';
import type { Stop } from './logout-state.ts';

type Fields = readonly (readonly [string, string])[];

/** What tells this provider whose session it is to end; `given` is the hint the application sent along. */
export function stopAt(
  { provider }: LoginContext,
  session: StoredSession | undefined,
  given: string | undefined,
): Stop {
  const { logout } = provider.kind;
  const idToken = session?.record.idToken;
  const { hintClaim } = logout;
  const claimed =
    hintClaim === undefined || idToken === undefined ? undefined : stringClaim(parseJwt(idToken).claims, hintClaim);
  return {
    provider: provider.name,
    idTokenHint: logout.idTokenHint ? idToken : undefined,
    logoutHint: given ?? claimed,
  };
}

function fieldsOf(
  context: LoginContext,
  request: OwnRequest,
  { stop, state }: { readonly stop: Stop; readonly state: string },
): Fields {
  const fields: readonly (readonly [string, string | undefined])[] = [
    ['client_id', context.provider.clientId],
    ['post_logout_redirect_uri', `${request.ingress.url}/oauth2/logout/callback`],
    ['state', state],
    ['id_token_hint', stop.idTokenHint],
    ['logout_hint', stop.logoutHint],
  ];
  return fields.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}

function originsOf(metadata: ProviderMetadata): readonly string[] {
  const urls = [
    metadata.issuer,
    metadata.endpoint('authorization_endpoint'),
    metadata.endpoint('end_session_endpoint'),
  ];
  return urls.flatMap((url) => (url === undefined ? [] : [URL.parse(url)?.origin ?? '']));
}

/**
 * Origins that a logout form may pass through: CSP `form-action` counts redirects too, one provider may lead to the next, and the
 * last back to us and on to where logouts end.
 */
export function logoutDestinations({ siblings, config }: LoginContext): readonly string[] {
  const origins = siblings.all.flatMap(({ client }) => {
    const metadata = client.metadata.loaded();
    return metadata === undefined ? [] : originsOf(metadata);
  });
  const ours = config.ingresses.map((ingress) => ingress.origin);
  const ends = siblings.all.map(({ provider }) => URL.parse(provider.postLogoutRedirectUri ?? '')?.origin ?? '');
  const all = [...origins, ...ours, ...originsOfDomain(config.role, config.sso), ...ends];
  return [...new Set(["'self'", ...all.filter((origin) => origin !== '')])];
}

/** The answer that leads there: a redirect, or a form that submits itself. */
export function visitProvider(
  context: LoginContext,
  request: OwnRequest,
  visit: { readonly endpoint: string; readonly stop: Stop; readonly state: string },
): HttpResponse {
  const configured = context.config.logout.method;
  const method = configured === 'auto' ? context.provider.kind.logout.method : configured;
  const fields = fieldsOf(context, request, visit);
  if (method === 'GET') {
    const url = new URL(visit.endpoint);
    for (const [name, value] of fields) url.searchParams.set(name, value);
    return redirectTo(url.href);
  }
  return pageAnswer(request, {
    name: 'logging-out',
    status: 200,
    form: { action: visit.endpoint, fields, destinations: logoutDestinations(context), submitsItself: true },
  });
}
