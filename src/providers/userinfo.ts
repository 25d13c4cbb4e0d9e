/** The UserInfo endpoint (OpenID Connect Core 5.3), used only to confirm that it names the same user. */
import { processUserInfoResponse, userInfoRequest } from 'oauth4webapi';
import type { LoginClient } from './login-client.ts';
import type { ProviderMetadata } from './metadata.ts';
import { callProvider } from './provider-call.ts';

const USERINFO_MILLISECONDS = 10_000;

/** Asks UserInfo and demands that its `sub` is the ID token's. Throws ProviderFault. Nothing of the answer is kept. */
export async function confirmSubject(
  client: LoginClient,
  metadata: ProviderMetadata,
  user: { readonly accessToken: string; readonly subject: string },
): Promise<void> {
  const oauthClient = client.client();
  await callProvider(client, {
    endpoint: 'userinfo',
    milliseconds: USERINFO_MILLISECONDS,
    send: (options) => userInfoRequest(metadata.server, oauthClient, user.accessToken, options),
    read: (response) => processUserInfoResponse(metadata.server, oauthClient, user.subject, response),
  });
}
