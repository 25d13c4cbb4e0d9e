/** The ID token of a login or refresh, judged by our own verifier. */
import type { VerifiedIdToken } from '../oauth/id-token.ts';
import { verifyIdToken } from '../oauth/id-token.ts';
import { JoseError } from '../oauth/jws.ts';
import { satisfiesLevel } from '../providers/levels.ts';
import type { ProviderMetadata } from '../providers/metadata.ts';
import type { TokenSet } from '../providers/tokens.ts';
import type { LoginContext } from './context.ts';
import type { LoginSecrets } from './login-state.ts';

/** Clock skew between us and a provider. */
const SKEW_SECONDS = 60;

/** Verifies the ID token of a login against what the attempt asked for. Throws JoseError. */
export async function verifyLogin(
  context: LoginContext,
  metadata: ProviderMetadata,
  login: { readonly tokens: TokenSet; readonly secrets: LoginSecrets },
): Promise<VerifiedIdToken> {
  const { provider } = context.config;
  const { maxAgeSeconds, level, nonce } = login.secrets;
  const required = [provider.level, level].filter((one) => one !== undefined);
  return verifyIdToken(login.tokens.idToken, {
    ...commonRules(context, metadata),
    nonce,
    accessToken: login.tokens.accessToken,
    acrSatisfied: (acr) => required.every((one) => satisfiesLevel(one, acr)),
    sidRequired: metadata.sidPromised,
    ...(maxAgeSeconds === undefined ? {} : { maxAge: maxAgeSeconds, authTimeRequired: provider.kind.maxAgeHonoured }),
  });
}

function commonRules(
  context: LoginContext,
  metadata: ProviderMetadata,
): Pick<
  Parameters<typeof verifyIdToken>[1],
  'keySet' | 'issuer' | 'clientId' | 'algorithms' | 'now' | 'skewSeconds' | 'trustedAudiences'
> {
  return {
    keySet: context.client.keySet,
    issuer: metadata.issuer,
    clientId: context.config.provider.clientId,
    algorithms: metadata.idTokenAlgorithms,
    now: Math.floor(context.now()),
    skewSeconds: SKEW_SECONDS,
    trustedAudiences: context.config.provider.audiences,
  };
}

/** What a refreshed ID token is compared with. */
export interface EarlierLogin {
  readonly subject: string;
  readonly issuer: string;
  readonly authTime: number | undefined;
}

/**
 * Verifies the ID token of a refresh (OpenID Connect Core 12.2): same issuer, subject and client, `auth_time` unchanged.
 * Throws JoseError; `keys_unavailable` means that it could not be judged.
 */
export async function verifyRefreshed(
  context: LoginContext,
  metadata: ProviderMetadata,
  refresh: { readonly idToken: string; readonly accessToken: string; readonly earlier: EarlierLogin },
): Promise<VerifiedIdToken> {
  const { level } = context.config.provider;
  const verified = await verifyIdToken(refresh.idToken, {
    ...commonRules(context, metadata),
    accessToken: refresh.accessToken,
    acrSatisfied: (acr) => level === undefined || acr === undefined || satisfiesLevel(level, acr),
  });
  const { earlier } = refresh;
  const sameTime =
    verified.authTime === undefined || earlier.authTime === undefined || verified.authTime === earlier.authTime;
  if (verified.subject !== earlier.subject || verified.issuer !== earlier.issuer) {
    throw new JoseError('claim_invalid', 'the refreshed token is for another user', { claim: 'sub' });
  }
  if (!sameTime)
    throw new JoseError('claim_invalid', 'the refreshed token is of another login', { claim: 'auth_time' });
  return verified;
}
