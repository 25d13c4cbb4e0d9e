import { signClientAssertion } from '../oauth/client-assertion.ts';
import type { Claims } from '../oauth/jwt.ts';
import type { Clock } from '../oauth/time.ts';
import type { CachedToken, LoadedToken, TokenCache } from '../oauth/tokens/token-cache.ts';
import { tokenDigest } from '../oauth/tokens/token-cache.ts';
import { userTokenEnd } from '../oauth/tokens/user-token-end.ts';
import { entraMachineForm, entraOnBehalfOfForm, normaliseEntraTarget } from '../oauth/grants/entra.ts';
import { maskinportenForm, maskinportenGrantClaims } from '../oauth/grants/maskinporten.ts';
import type { FormMaker } from '../oauth/token-endpoint/token-endpoint.ts';
import { tokenxExchangeForm } from '../oauth/grants/tokenx.ts';
import { canonicalJson } from '../oauth/tokens/canonical-json.ts';
import type { ProviderSettings } from '../providers/provider-settings.ts';
import type { Provider } from './provider.ts';
import type { ExchangeRequest, TokenRequest } from './wire/requests.ts';

/** What acquisition runs on. */
export interface AcquireContext {
  readonly cache: TokenCache<string>;
  readonly now: Clock;
}

interface Client {
  readonly clientId: string;
  sign(extra?: { readonly claims: Claims; readonly omitSubject: true }): Promise<string>;
}

/** The client of a provider, which signs a new assertion each time it is asked (providers.md 2.3). */
function clientOf({ settings, credential }: Provider, now: Clock): Client {
  const { name, issuer: audience } = settings;
  if (credential === undefined) throw new Error(`${name} has no client, so nothing can be acquired from it`);
  const { clientId } = credential;
  return {
    clientId,
    // The key of this moment: between two attempts another may have taken its place.
    sign: (extra) => signClientAssertion({ key: credential.key(), clientId, audience, now: now(), ...extra }),
  };
}

/** The forms of machine tokens by provider; undefined where a provider gives none. */
export function machineForm(provider: Provider, request: TokenRequest, now: Clock): FormMaker | undefined {
  if (provider.settings.name === 'entra_id') {
    const client = clientOf(provider, now);
    const target = normaliseEntraTarget(request.target);
    return async () => entraMachineForm({ clientId: client.clientId, clientAssertion: await client.sign() }, target);
  }
  if (provider.settings.name !== 'maskinporten') return undefined;
  const client = clientOf(provider, now);
  const claims = maskinportenGrantClaims({ ...request, scope: request.target });
  return async () => maskinportenForm(await client.sign({ claims, omitSubject: true }));
}

/** The forms of exchanges by provider; undefined where a provider exchanges nothing. */
export function exchangeForm(provider: Provider, request: ExchangeRequest, now: Clock): FormMaker | undefined {
  const { userToken } = request;
  if (provider.settings.name === 'entra_id') {
    const client = clientOf(provider, now);
    const target = normaliseEntraTarget(request.target);
    return async () =>
      entraOnBehalfOfForm({ clientId: client.clientId, clientAssertion: await client.sign() }, target, userToken);
  }
  if (provider.settings.name !== 'tokenx') return undefined;
  const client = clientOf(provider, now);
  return async () => tokenxExchangeForm(await client.sign(), request.target, userToken);
}

/** A machine token, from the cache if it may be. Throws TokenRequestFailed. */
export function acquireMachineToken(
  provider: Provider,
  request: TokenRequest,
  { form, context }: { readonly form: FormMaker; readonly context: AcquireContext },
): Promise<CachedToken<string>> {
  const load = async (): Promise<LoadedToken<string>> => {
    const { accessToken, expiresIn } = await provider.tokenEndpoint.request(form, { forUser: false });
    return { value: accessToken, expiresIn, bytes: accessToken.length };
  };
  const { resource, authorizationDetails: details } = request;
  const narrowed = [resource, details === undefined ? undefined : canonicalJson(details)];
  const key = [...keyStart(provider, 'machine', request.target), ...narrowed, undefined];
  return context.cache.get(key, load, { skip: request.skipCache });
}

/** A user's token for another target; its entry ends with the user token. Throws TokenRequestFailed. */
export function acquireUserToken(
  provider: Provider,
  request: ExchangeRequest,
  { form, context }: { readonly form: FormMaker; readonly context: AcquireContext },
): Promise<CachedToken<string>> {
  const { userToken } = request;
  const load = async (): Promise<LoadedToken<string>> => {
    const { accessToken, expiresIn } = await provider.tokenEndpoint.request(form, { forUser: true });
    return { value: accessToken, expiresIn, bytes: accessToken.length, until: userTokenEnd(userToken, context.now()) };
  };
  const key = [...keyStart(provider, 'exchange', request.target), undefined, undefined, tokenDigest(userToken)];
  return context.cache.get(key, load, { skip: request.skipCache });
}

function keyStart({ settings }: Provider, grant: string, target: string): readonly (string | undefined)[] {
  const normalised = settings.name === 'entra_id' ? normaliseEntraTarget(target) : target;
  return [...clientKey(settings), grant, normalised];
}

/** How the keys of all cached tokens of one client begin. */
export function clientKey({ name, issuer, client }: ProviderSettings): readonly (string | undefined)[] {
  return [name, issuer, client?.clientId];
}
