/** Token revocation (RFC 7009). */
import { processRevocationResponse, revocationRequest } from 'oauth4webapi';
import type { LoginClient } from './login-client.ts';
import { callProvider } from './provider-call.ts';

const REVOCATION_MILLISECONDS = 2000;

/**
 * Revokes the refresh token, or the access token when there is none.
 * Answers false when the provider has no revocation endpoint; throws ProviderFault when the call fails.
 */
export async function revokeTokens(
  client: LoginClient,
  tokens: { readonly refreshToken?: string | undefined; readonly accessToken: string },
): Promise<boolean> {
  const metadata = client.metadata.loaded();
  if (metadata?.endpoint('revocation_endpoint') === undefined) return false;
  const hint = tokens.refreshToken === undefined ? 'access_token' : 'refresh_token';
  await callProvider(client, {
    endpoint: 'revocation',
    milliseconds: REVOCATION_MILLISECONDS,
    send: (options) =>
      revocationRequest(
        metadata.server,
        client.client(),
        client.authentication(metadata),
        tokens.refreshToken ?? tokens.accessToken,
        { ...options, additionalParameters: { token_type_hint: hint } },
      ),
    read: processRevocationResponse,
  });
  return true;
}
