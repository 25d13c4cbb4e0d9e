import { normaliseTarget } from '../grants/acquisition-forms.ts';
import type { ExchangeGrant, MachineGrant } from '../grants/acquisition-forms.ts';
import type { FormMaker, TokenEndpoint } from '../token-endpoint/token-endpoint.ts';
import type { Clock } from '../time.ts';
import type { CachedToken, LoadedToken } from './cached-token.ts';
import type { Question } from './refresh-ahead.ts';
import type { GetOptions, TokenCache } from './token-cache.ts';
import type { TokenClient } from './token-key.ts';
import { userTokenEnd } from './user-token-end.ts';

/** What acquisition runs on: whose token, from where, by which form, kept in which cache. */
export interface Acquisition {
  readonly client: TokenClient & { readonly tokenEndpoint: TokenEndpoint };
  readonly form: FormMaker;
  readonly cache: TokenCache<string>;
  readonly now: Clock;
}

/** A token for the application itself, from the cache if it may be. Rejects with TokenRequestFailed, or the reason of the signal. */
export function acquireMachineToken(
  acquisition: Acquisition,
  grant: MachineGrant,
  options?: GetOptions,
): Promise<CachedToken<string>> {
  return acquisition.cache.ask(machineQuestion(acquisition, grant), options);
}

/** What the cache is asked for such a token. */
export function machineQuestion(
  { client, form, cache }: Acquisition,
  { target, resource, authorizationDetails }: MachineGrant,
): Question<string> {
  const { provider, issuer, clientId, tokenEndpoint } = client;
  const load = async (): Promise<LoadedToken<string>> => {
    const { accessToken, expiresIn } = await tokenEndpoint.request(form, { forUser: false });
    return { value: accessToken, expiresIn, bytes: accessToken.length };
  };
  const key = { provider, issuer, clientId, grant: 'machine', resource, authorizationDetails } as const;
  return cache.question({ ...key, target: normaliseTarget(provider, target) }, load);
}

/** A user's token for another target, kept no longer than the user's own lives. Rejects as {@link acquireMachineToken} does. */
export function acquireUserToken(
  { client, form, cache, now }: Acquisition,
  { target, userToken }: ExchangeGrant,
  options?: GetOptions,
): Promise<CachedToken<string>> {
  const { provider, issuer, clientId, tokenEndpoint } = client;
  const load = async (): Promise<LoadedToken<string>> => {
    const { accessToken, expiresIn } = await tokenEndpoint.request(form, { forUser: true });
    return { value: accessToken, expiresIn, bytes: accessToken.length, until: userTokenEnd(userToken, now()) };
  };
  const key = { provider, issuer, clientId, grant: 'exchange', userToken } as const;
  return cache.get({ ...key, target: normaliseTarget(provider, target) }, load, options);
}
