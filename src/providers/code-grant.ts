/** Redeeming an authorization code (RFC 6749 4.1.3 with PKCE, RFC 7636). */
import { authorizationCodeGrantRequest, processAuthorizationCodeResponse, validateAuthResponse } from 'oauth4webapi';
import type { LoginClient } from './login-client.ts';
import type { ProviderMetadata } from './metadata.ts';
import { callProvider } from './provider-call.ts';
import { ProviderFault } from './provider-fault.ts';
import type { TokenSet } from './tokens.ts';
import { serverOf, tokenSet } from './tokens.ts';

const CODE_GRANT_MILLISECONDS = 10_000;
const ENDPOINT = 'token';

/** What one code is redeemed with. */
export interface CodeGrant {
  readonly parameters: URLSearchParams;
  readonly state: string;
  readonly redirectUri: string;
  readonly codeVerifier: string;
  readonly nonce: string;
}

/** An authorization answer of another flow than ours (a token in it, or a JWT around it) is a fault of its sender. */
function checkedAnswer<T>(check: () => T): T {
  try {
    return check();
  } catch (cause) {
    throw new ProviderFault({ kind: 'invalid', endpoint: 'authorization', cause });
  }
}

async function redeemOnce(client: LoginClient, metadata: ProviderMetadata, grant: CodeGrant): Promise<TokenSet> {
  const oauthClient = client.client();
  const server = { ...metadata.server, authorization_response_iss_parameter_supported: metadata.issuerInAnswers };
  const checked = checkedAnswer(() => validateAuthResponse(server, oauthClient, grant.parameters, grant.state));
  const answer = await callProvider(client, {
    endpoint: ENDPOINT,
    milliseconds: CODE_GRANT_MILLISECONDS,
    send: (options) =>
      authorizationCodeGrantRequest(
        server,
        oauthClient,
        client.authentication(metadata),
        checked,
        grant.redirectUri,
        grant.codeVerifier,
        options,
      ),
    read: async (response) =>
      processAuthorizationCodeResponse(await serverOf(metadata, response), oauthClient, response, {
        expectedNonce: grant.nonce,
        requireIdToken: true,
      }),
  });
  return tokenSet(answer, ENDPOINT);
}

/**
 * Redeems a code once; a second time only when the first request never left this machine.
 * Throws ProviderFault. The ID token still has to be verified by the caller.
 */
export async function redeemCode(client: LoginClient, metadata: ProviderMetadata, grant: CodeGrant): Promise<TokenSet> {
  try {
    return await redeemOnce(client, metadata, grant);
  } catch (error) {
    if (error instanceof ProviderFault && error.unsent) return redeemOnce(client, metadata, grant);
    throw error;
  }
}
