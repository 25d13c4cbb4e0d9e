/** The refresh grant (RFC 6749 6) and what its failures mean for a session. */
import {
  JWT_CLAIM_COMPARISON,
  JWT_TIMESTAMP_CHECK,
  processRefreshTokenResponse,
  refreshTokenGrantRequest,
} from 'oauth4webapi';
import type { LoginClient } from './login-client.ts';
import { callProvider } from './provider-call.ts';
import { ProviderFault, isBroken } from './provider-fault.ts';
import type { TokenSet } from './tokens.ts';
import { serverOf, tokenSet } from './tokens.ts';

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

function breaksIdentity(cause: unknown): boolean {
  if (!(cause instanceof Error) || !('code' in cause)) return false;
  return cause.code === JWT_CLAIM_COMPARISON || cause.code === JWT_TIMESTAMP_CHECK;
}

/** The class of a failed refresh; decided by error code and status, never by text. */
export function classifyRefreshFailure(error: unknown): RefreshFailure {
  if (!(error instanceof ProviderFault)) return 'transient';
  if (error.kind === 'invalid') return breaksIdentity(error.cause) ? 'fatal' : 'transient';
  if (error.kind !== 'refused') return 'transient';
  if (FATAL_ERRORS.has(error.error ?? '')) return 'fatal';
  return TRANSIENT_ERRORS.has(error.error ?? '') ? 'transient' : 'ours';
}

async function refreshOnce(client: LoginClient, refreshToken: string, scopes: readonly string[]): Promise<TokenSet> {
  const metadata = await client.metadata.get();
  const oauthClient = client.client();
  const additionalParameters = client.kind.scopeOnRefresh ? { scope: scopes.join(' ') } : {};
  const answer = await callProvider(client, {
    endpoint: ENDPOINT,
    milliseconds: REFRESH_MILLISECONDS,
    send: (options) =>
      refreshTokenGrantRequest(metadata.server, oauthClient, client.authentication(metadata), refreshToken, {
        ...options,
        additionalParameters,
      }),
    read: async (response) => processRefreshTokenResponse(await serverOf(metadata, response), oauthClient, response),
  });
  return tokenSet(answer, ENDPOINT);
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
