import { exchangeForm as exchangeFormOf, machineForm as machineFormOf } from '../../oauth/grants/acquisition-forms.ts';
import type { Clock } from '../../oauth/time.ts';
import { acquireUserToken as userToken, machineQuestion as questionOf } from '../../oauth/tokens/acquire.ts';
import type { Acquisition } from '../../oauth/tokens/acquire.ts';
import type { CachedToken } from '../../oauth/tokens/cached-token.ts';
import type { Question } from '../../oauth/tokens/refresh-ahead.ts';
import type { TokenClient } from '../../oauth/tokens/token-key.ts';
import type { FormMaker } from '../../oauth/token-endpoint/token-endpoint.ts';
import type { ProviderSettings } from '../../providers/provider-settings.ts';
import type { Provider } from '../provider/provider.ts';
import type { ExchangeRequest, TokenRequest } from '../wire/requests.ts';

/** What acquisition runs on. */
type AcquireContext = Pick<Acquisition, 'cache' | 'now'>;

/** The forms of machine tokens by provider; undefined where a provider gives none. */
export function machineForm({ grantClient }: Provider, request: TokenRequest, now: Clock): FormMaker | undefined {
  return grantClient === undefined ? undefined : machineFormOf(grantClient, request, now);
}

/** The forms of exchanges by provider; undefined where a provider exchanges nothing. */
export function exchangeForm({ grantClient }: Provider, request: ExchangeRequest, now: Clock): FormMaker | undefined {
  return grantClient === undefined ? undefined : exchangeFormOf(grantClient, request, now);
}

interface Way {
  readonly form: FormMaker;
  readonly context: AcquireContext;
}

/** What the cache is asked for a machine token. */
export function machineQuestion(provider: Provider, request: TokenRequest, way: Way): Question<string> {
  return questionOf(acquisitionOf(provider, way), request);
}

/** A user's token for another target; its entry ends with the user token. Throws TokenRequestFailed. */
export function acquireUserToken(provider: Provider, request: ExchangeRequest, way: Way): Promise<CachedToken<string>> {
  return userToken(acquisitionOf(provider, way), request, { skip: request.skipCache });
}

function acquisitionOf({ settings, tokenEndpoint }: Provider, { form, context }: Way): Acquisition {
  return { client: { ...clientKey(settings), tokenEndpoint }, form, cache: context.cache, now: context.now };
}

/** Whose tokens a provider's are, in the cache. */
export function clientKey({ name, issuer, client }: ProviderSettings): TokenClient {
  return { provider: name, issuer, clientId: client?.clientId ?? '' };
}
