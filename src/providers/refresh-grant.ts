/** The refresh grant (RFC 6749 6) and what its failures mean for a session. */
import { processRefreshTokenResponse, refreshTokenGrantRequest } from 'oauth4webapi';
import { isJsonObject } from '../oauth/objects.ts';
import type { LoginClient } from './login-client.ts';
import { callProvider } from './provider-call.ts';
import { ProviderFault, isBroken } from './provider-fault.ts';
import type { TokenSet } from './tokens.ts';
import { tokenSet } from './tokens.ts';

const REFRESH_MILLISECONDS = 20_000;
const ENDPOINT = 'token';

/**
 * What a failed refresh means:
 * - `fatal`: the user's grant is over, sign in again
 * - `ours`: our client or request is wrong; the session is kept
 * - `transient`: try later; the session is kept
 */
export type RefreshFailure = 'fatal' | 'ours' | 'transient';

const FATAL_ERRORS: ReadonlySet<string> = new Set([
  'invalid_grant',
  'interaction_required',
  'login_required',
  'consent_required',
]);
const TRANSIENT_ERRORS: ReadonlySet<string> = new Set(['temporarily_unavailable', 'server_error']);

/** The class of a failed refresh; decided by error code and status, never by text. */
export function classifyRefreshFailure(error: unknown): RefreshFailure {
  if (!(error instanceof ProviderFault)) return 'transient';
  if (error.kind !== 'refused') return 'transient';
  if (FATAL_ERRORS.has(error.error ?? '')) return 'fatal';
  return TRANSIENT_ERRORS.has(error.error ?? '') ? 'transient' : 'ours';
}

/** The answer without its ID token, and that token as it came: whoever asked judges it, with keys that may have to be fetched. */
async function withoutIdToken(response: Response): Promise<{ readonly response: Response; readonly idToken: unknown }> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  if (!isJsonObject(body) || !Object.hasOwn(body, 'id_token')) return { response, idToken: undefined };
  const { id_token: idToken, ...rest } = body;
  const { status, headers } = response;
  return { response: new Response(JSON.stringify(rest), { status, headers }), idToken };
}

async function refreshOnce(client: LoginClient, refreshToken: string, scopes: readonly string[]): Promise<TokenSet> {
  const metadata = await client.metadata.get();
  const oauthClient = client.client();
  const additionalParameters = client.kind.scopeOnRefresh ? { scope: scopes.join(' ') } : {};
  const { answer, idToken } = await callProvider(client, {
    endpoint: ENDPOINT,
    milliseconds: REFRESH_MILLISECONDS,
    send: (options) =>
      refreshTokenGrantRequest(metadata.server, oauthClient, client.authentication(metadata), refreshToken, {
        ...options,
        additionalParameters,
      }),
    read: async (answered) => {
      const { response, idToken: given } = await withoutIdToken(answered);
      return { answer: await processRefreshTokenResponse(metadata.server, oauthClient, response), idToken: given };
    },
  });
  // What is there but no text is no token either: it has to fail where tokens are judged, not to look absent.
  const text = idToken === undefined || typeof idToken === 'string' ? idToken : JSON.stringify(idToken);
  return { ...tokenSet(answer, ENDPOINT), idToken: text };
}

/**
 * Uses a refresh token, with one second try (and a fresh assertion) after 5xx or a broken connection and none after a
 * timeout: the provider may have spent a one-time token. Throws ProviderFault.
 */
export async function refreshTokens(
  client: LoginClient,
  refreshToken: string,
  scopes: readonly string[],
): Promise<TokenSet> {
  try {
    return await refreshOnce(client, refreshToken, scopes);
  } catch (error) {
    if (isBroken(error)) return refreshOnce(client, refreshToken, scopes);
    throw error;
  }
}
