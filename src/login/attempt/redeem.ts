/** From the provider's code to a proven login: tokens, their ID token, and the user confirmed. */
import { redeemCode } from '../../providers/code-grant.ts';
import type { ProviderMetadata } from '../../providers/metadata.ts';
import { confirmSubject } from '../../providers/userinfo.ts';
import type { LoginContext, OwnRequest } from '../context.ts';
import type { Proven } from './attempt-proof.ts';
import { redirectUri } from './authorization-request.ts';
import type { ProvenLogin } from './new-session.ts';
import { strayAnswer } from './refusal.ts';
import { verifyLogin } from './verify-login.ts';

/** Steps 7 to 9: redeems the code, verifies the ID token, confirms the subject. Throws Refused, ProviderFault or JoseError. */
export async function redeem(
  context: LoginContext,
  request: OwnRequest,
  { proven, metadata }: { readonly proven: Proven; readonly metadata: ProviderMetadata },
): Promise<ProvenLogin> {
  const { parameters, secrets, target } = proven;
  if (!parameters.get('code')) throw strayAnswer('code', 'there is neither code nor error');
  const tokens = await redeemCode(context.client, metadata, {
    parameters,
    state: proven.state,
    redirectUri: redirectUri(context, request),
    codeVerifier: secrets.codeVerifier,
    nonce: secrets.nonce,
  });
  const idToken = await verifyLogin(context, metadata, { tokens, secrets });
  if (context.provider.userinfo) {
    await confirmSubject(context.client, metadata, { accessToken: tokens.accessToken, subject: idToken.subject });
  }
  const sessionState = parameters.get('session_state') ?? undefined;
  return { tokens, idToken, issuer: metadata.issuer, target, sessionState, demanded: secrets };
}
