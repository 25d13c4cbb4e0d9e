import { JoseError } from '../oauth/jws.ts';
import { parseJwt } from '../oauth/jwt.ts';
import type { ProviderName } from '../providers/provider-variables.ts';
import type { HttpResponse } from '../web/http.ts';
import type { SidecarContext } from './context.ts';
import { inactiveText, PayloadRefused } from './judge.ts';
import { judgeOnce } from './judged.ts';
import type { Provider } from './provider.ts';
import { invalidGrant, providerUnavailable } from './wire/answers.ts';

/** Providers that say who a user is; one of them has to be on where user tokens are to be judged. */
export const USER_ISSUERS: readonly ProviderName[] = ['entra_id', 'tokenx', 'idporten'];

/** Whose users a provider exchanges tokens of. */
const ISSUERS_OF_USERS: Readonly<Record<string, readonly ProviderName[]>> = {
  entra_id: ['entra_id'],
  tokenx: ['idporten', 'tokenx'],
};

/**
 * Judges a user token before it is sent to `exchangedAt`, as introspection would (sidecar-sdk.md 3.3). Undefined when it may go; else
 * 400 `invalid_grant`, or 500 where nobody can tell because there are no keys.
 */
export async function userTokenFault(
  token: string,
  exchangedAt: string,
  { context, cid }: { readonly context: SidecarContext; readonly cid: string },
): Promise<HttpResponse | undefined> {
  const { emit } = context;
  const refuse = (reason: string): HttpResponse => {
    emit({ event: 'sidecar.user_token_refused', provider: exchangedAt, reason, cid });
    return invalidGrant(`the user token is refused: ${reason}`);
  };
  try {
    const issuer = issuerOf(token, exchangedAt, context.providers);
    if (issuer === undefined) return refuse('it is from no issuer that is enabled here');
    await judgeOnce(token, issuer, context);
    return undefined;
  } catch (error) {
    if (!(error instanceof JoseError || error instanceof PayloadRefused)) throw error;
    if (error instanceof JoseError && error.code === 'keys_unavailable') {
      return providerUnavailable('its keys could not be fetched');
    }
    return refuse(inactiveText(error));
  }
}

/** Where several may have issued it, the token says which did; nothing else of it is believed before its signature is. */
function issuerOf(token: string, exchangedAt: string, providers: ReadonlyMap<string, Provider>): Provider | undefined {
  const candidates = (ISSUERS_OF_USERS[exchangedAt] ?? []).flatMap((name) => providers.get(name) ?? []);
  if (exchangedAt === 'entra_id') return candidates[0];
  const { iss } = parseJwt(token).claims;
  if (typeof iss !== 'string') return undefined;
  // Whether the last slash is right is judged with the keys at hand, for it may be metadata that knows.
  return candidates.find(({ issuerName }) => withoutSlash(issuerName()) === withoutSlash(iss));
}

function withoutSlash(issuer: string): string {
  return issuer.endsWith('/') ? issuer.slice(0, -1) : issuer;
}
