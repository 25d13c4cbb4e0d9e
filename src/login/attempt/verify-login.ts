/** The ID token of a login or refresh, judged by our own verifier. */
import type { VerifiedIdToken } from '../../oauth/id-token.ts';
import { verifyIdToken } from '../../oauth/id-token.ts';
import { JoseError } from '../../oauth/jws.ts';
import type { Claims } from '../../oauth/jwt.ts';
import { numberClaim, parseJwt, stringListClaim } from '../../oauth/jwt.ts';
import { satisfiesLevel } from '../../providers/levels.ts';
import type { ProviderMetadata } from '../../providers/metadata.ts';
import type { TokenSet } from '../../providers/tokens.ts';
import type { LoginParts } from '../context.ts';
import type { LoginSecrets } from './login-state.ts';

/** Clock skew between us and a provider. */
const SKEW_SECONDS = 60;

/** Verifies the ID token of a login against what the attempt asked for. Throws JoseError. */
export async function verifyLogin(
  context: LoginParts,
  metadata: ProviderMetadata,
  login: { readonly tokens: TokenSet; readonly secrets: LoginSecrets },
): Promise<VerifiedIdToken> {
  const { provider } = context;
  const { maxAgeSeconds, level, nonce } = login.secrets;
  const required = [provider.level, level].filter((one) => one !== undefined);
  return verifyIdToken(login.tokens.idToken, {
    ...commonRules(context, metadata, login.tokens.idToken),
    nonce,
    accessToken: login.tokens.accessToken,
    acrSatisfied: (acr) => required.every((one) => satisfiesLevel(one, acr)),
    sidRequired: metadata.sidPromised,
    ...(maxAgeSeconds === undefined ? {} : { maxAge: maxAgeSeconds, authTimeRequired: provider.kind.maxAgeHonoured }),
  });
}

function commonRules(
  context: LoginParts,
  metadata: ProviderMetadata,
  idToken: unknown,
): Pick<
  Parameters<typeof verifyIdToken>[1],
  'keySet' | 'issuer' | 'clientId' | 'algorithms' | 'now' | 'skewSeconds' | 'trustedAudiences'
> {
  const issuer = metadata.issuerFor(parseJwt(idToken, { types: ['JWT'] }).claims['tid']);
  if (issuer === undefined)
    throw new JoseError('issuer_unknown', 'the tenant is none of those allowed', { claim: 'tid' });
  return {
    keySet: context.client.keySet,
    issuer,
    clientId: context.provider.clientId,
    algorithms: metadata.idTokenAlgorithms,
    now: Math.floor(context.now()),
    skewSeconds: SKEW_SECONDS,
    trustedAudiences: context.provider.audiences,
  };
}

/** What a refreshed ID token is compared with. */
export interface EarlierLogin {
  readonly subject: string;
  readonly authTime: number | undefined;
  /** The ID token as it was verified then. */
  readonly idToken: string;
}

/**
 * Verifies the ID token of a refresh (OpenID Connect Core 12.2): same issuer, subject and audience, `auth_time` and
 * `nonce` unchanged where they come again, and not older than the former.
 * Throws JoseError; `keys_unavailable` means that it could not be judged.
 */
export async function verifyRefreshed(
  context: LoginParts,
  metadata: ProviderMetadata,
  refresh: { readonly idToken: string; readonly accessToken: string; readonly earlier: EarlierLogin },
): Promise<VerifiedIdToken> {
  const { level } = context.provider;
  const verified = await verifyIdToken(refresh.idToken, {
    ...commonRules(context, metadata, refresh.idToken),
    accessToken: refresh.accessToken,
    acrSatisfied: (acr) => level === undefined || acr === undefined || satisfiesLevel(level, acr),
  });
  refuseOther(verified, refresh.earlier);
  return verified;
}

function audienceOf(claims: Claims): string {
  return JSON.stringify((stringListClaim(claims, 'aud') ?? []).toSorted());
}

function refuseOther(verified: VerifiedIdToken, earlier: EarlierLogin): void {
  const before = parseJwt(earlier.idToken).claims;
  const nonce = verified.claims['nonce'];
  const same: Readonly<Record<string, boolean>> = {
    sub: verified.subject === earlier.subject,
    iss: verified.issuer === before['iss'],
    aud: audienceOf(verified.claims) === audienceOf(before),
    auth_time:
      verified.authTime === undefined || earlier.authTime === undefined || verified.authTime === earlier.authTime,
    nonce: nonce === undefined || nonce === before['nonce'],
    iat: verified.issuedAt >= (numberClaim(before, 'iat') ?? 0),
  };
  const claim = Object.keys(same).find((name) => same[name] === false);
  if (claim !== undefined) throw new JoseError('claim_invalid', 'the refreshed token is of another login', { claim });
}
