import { JoseError } from '../../oauth/jws.ts';
import type { ProviderName } from '../../providers/provider-variables.ts';
import type { HttpResponse } from '../../web/http.ts';
import { inactiveText } from '../../oauth/inactive-text.ts';
import { PayloadRefused } from '../../oauth/judge-token.ts';
import { judgeOnce } from './judged.ts';
import { providerNamedIn } from './named-issuer.ts';
import type { Provider } from '../provider/provider.ts';
import type { TokenService } from '../acquire/token-answers.ts';

/** Providers that say who a user is; one of them has to be on where user tokens are to be judged. */
export const USER_ISSUERS: readonly ProviderName[] = ['entra_id', 'tokenx', 'idporten'];

/** Whose users a provider exchanges tokens of. */
const ISSUERS_OF_USERS: Readonly<Record<string, readonly ProviderName[]>> = {
  entra_id: ['entra_id'],
  tokenx: ['idporten', 'tokenx'],
};

/**
 * Judges a user token before it is sent to `exchangedAt`, as introspection would (sidecar-sdk.md 3.3). Undefined when it may go; else
 * the refusal, or what is answered where nobody can tell because there are no keys.
 */
export async function userTokenFault(
  token: string,
  exchangedAt: string,
  { context, answers, cid }: TokenService & { readonly cid: string },
): Promise<HttpResponse | undefined> {
  const { emit } = context;
  const refuse = (reason: string): HttpResponse => {
    emit({ event: 'sidecar.user_token_refused', provider: exchangedAt, reason, cid });
    return answers.userTokenRefused(`the user token is refused: ${reason}`);
  };
  try {
    const issuer = issuerOf(token, exchangedAt, context.providers);
    if (issuer === undefined) return refuse('it is from no issuer that is enabled here');
    await judgeOnce(token, issuer, context);
    return undefined;
  } catch (error) {
    if (!(error instanceof JoseError || error instanceof PayloadRefused)) throw error;
    if (error instanceof JoseError && error.code === 'keys_unavailable') {
      return answers.unavailable('its keys could not be fetched');
    }
    return refuse(inactiveText(error));
  }
}

/** Where several may have issued it, the token says which did. */
function issuerOf(token: string, exchangedAt: string, providers: ReadonlyMap<string, Provider>): Provider | undefined {
  const candidates = (ISSUERS_OF_USERS[exchangedAt] ?? []).flatMap((name) => providers.get(name) ?? []);
  return exchangedAt === 'entra_id' ? candidates[0] : providerNamedIn(token, candidates);
}
