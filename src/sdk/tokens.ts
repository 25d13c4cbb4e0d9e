import { createTokenCache, tokenDigest } from '../oauth/tokens/token-cache.ts';
import type { LoadedToken, TokenCache } from '../oauth/tokens/token-cache.ts';
import { userTokenEnd } from '../oauth/tokens/user-token-end.ts';
import { AcquireError } from './acquire/acquire-error.ts';
import { safely } from './events.ts';
import type { Options } from './settings/options.ts';
import type { Principal } from './principal.ts';
import type { NonEmpty, Result } from './result.ts';
import { askSidecar } from './acquire/sidecar-client.ts';
import { createTokenHandle } from './token-handle.ts';
import type { TokenHandle } from './token-handle.ts';

export { AcquireError } from './acquire/acquire-error.ts';
export type { AcquireErrorKind } from './acquire/acquire-error.ts';
export type { TokenHandle } from './token-handle.ts';

/** Whose token is exchanged: the principal of a request, its handle, or the token itself. */
export type UserToken = Principal | TokenHandle | string;

/** What every request for a token has. `fresh` passes the caches by; `signal` ends the waiting, not the fetch. */
export interface Ask {
  readonly target: string;
  readonly fresh?: boolean;
  readonly signal?: AbortSignal;
}

/** A token for the application itself. */
export type MachineRequest = Ask &
  (
    | { readonly provider: 'entra_id' }
    | {
        readonly provider: 'maskinporten';
        readonly resource?: string;
        readonly authorizationDetails?: NonEmpty<object>;
      }
  );

/** A token on behalf of a user. */
export type UserRequest = Ask & { readonly provider: 'entra_id' | 'tokenx'; readonly user: UserToken };

/** `expiresAt` in seconds since the epoch. */
export interface AcquiredToken {
  readonly token: TokenHandle;
  readonly expiresAt: number;
  readonly fromCache: boolean;
}

/** Where an application gets its tokens. Failures are values, or AcquireError with `OrThrow`. */
export interface Tokens {
  machine(request: MachineRequest): Promise<Result<AcquiredToken, AcquireError>>;
  machineOrThrow(request: MachineRequest): Promise<AcquiredToken>;
  onBehalfOf(request: UserRequest): Promise<Result<AcquiredToken, AcquireError>>;
  onBehalfOfOrThrow(request: UserRequest): Promise<AcquiredToken>;
  /** Forgets every token and ends the upkeep of the cache. */
  close(): void;
}

/** How tokens are acquired: both mean the sidecar that `NAIS_TOKEN_ENDPOINT` names. */
export type TokensOptions = Options & { readonly via?: 'auto' | 'sidecar' };

const MAX_ENTRIES = 262_144;
const MAX_BYTES = 64 * 1024 * 1024;
/** Longest time a token is served without asking the sidecar again, which may have a newer one. */
const MAX_AGE_SECONDS = 60;

type Loaded = LoadedToken<string>;

interface Wanted {
  readonly request: MachineRequest | UserRequest;
  readonly variable: 'NAIS_TOKEN_ENDPOINT' | 'NAIS_TOKEN_EXCHANGE_ENDPOINT';
  readonly form: Readonly<Record<string, unknown>>;
  readonly userToken: string | undefined;
}

/** Tokens by way of the sidecar. What the environment lacks shows when a token is asked for, as `not_configured`. */
export function tokensFromEnv(options: TokensOptions = {}): Tokens {
  const env = options.env ?? process.env;
  const now = options.clock ?? ((): number => Date.now() / 1000);
  const fetch = options.fetch ?? globalThis.fetch;
  const emit = safely(options.onEvent);
  const cache: TokenCache<string> = createTokenCache({ now, maxEntries: MAX_ENTRIES, maxBytes: MAX_BYTES });

  async function load(url: string, wanted: Wanted): Promise<Loaded> {
    const { accessToken, expiresIn } = await askSidecar(fetch, url, sidecarForm(wanted));
    const ends = wanted.userToken === undefined ? Number.POSITIVE_INFINITY : userTokenEnd(wanted.userToken, now());
    const bytes = accessToken.length;
    return { value: accessToken, expiresIn, bytes, until: Math.min(now() + MAX_AGE_SECONDS, ends) };
  }

  async function acquire(wanted: Wanted): Promise<AcquiredToken> {
    const { provider, target, fresh = false, signal } = wanted.request;
    const url = env[wanted.variable];
    if (url === undefined || url === '') throw new AcquireError('not_configured', `${wanted.variable} is not set`);
    if (signal?.aborted === true) throw new AcquireError('aborted', 'the caller stopped waiting');
    const loading = cache.get(keyOf(url, wanted), () => load(url, wanted), { skip: fresh });
    const { value, secondsLeft, result } = await untilAborted(loading, signal);
    const fromCache = result === 'hit' || result === 'joined';
    emit({ event: 'token.acquired', provider, target, fromCache });
    return { token: createTokenHandle(value), expiresAt: Math.floor(now()) + secondsLeft, fromCache };
  }

  const machineOrThrow: Tokens['machineOrThrow'] = async (request) => await acquire(machineWanted(request));
  const onBehalfOfOrThrow: Tokens['onBehalfOfOrThrow'] = async (request) => await acquire(userWanted(request));
  return {
    machineOrThrow,
    onBehalfOfOrThrow,
    machine: (request) => asResult(machineOrThrow(request)),
    onBehalfOf: (request) => asResult(onBehalfOfOrThrow(request)),
    close: () => {
      cache.close();
    },
  };
}

function machineWanted(request: MachineRequest): Wanted {
  const { provider, target } = request;
  const narrowed =
    request.provider === 'maskinporten'
      ? { resource: request.resource, authorization_details: request.authorizationDetails }
      : {};
  const form = { identity_provider: provider, target, ...narrowed };
  return { request, variable: 'NAIS_TOKEN_ENDPOINT', form, userToken: undefined };
}

function userWanted(request: UserRequest): Wanted {
  const { provider, target, user } = request;
  const userToken = typeof user === 'string' ? user : 'reveal' in user ? user.reveal() : user.token.reveal();
  if (userToken === '') throw new AcquireError('request', 'the token of the user is empty');
  const form = { identity_provider: provider, target };
  return { request, variable: 'NAIS_TOKEN_EXCHANGE_ENDPOINT', form, userToken };
}

function sidecarForm({ request, form, userToken }: Wanted): { readonly user_token?: string } {
  return {
    ...form,
    ...(userToken === undefined ? {} : { user_token: userToken }),
    ...(request.fresh === true ? { skip_cache: true } : {}),
  };
}

/** The user's token itself is no part of the key, only its digest (sidecar-sdk.md 2.7). */
function keyOf(url: string, { form, userToken }: Wanted): readonly (string | undefined)[] {
  return [url, JSON.stringify(form), userToken === undefined ? undefined : tokenDigest(userToken)];
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => {
    reject(new AcquireError('aborted', 'the caller stopped waiting'));
  };
  signal.addEventListener('abort', stop, { once: true });
  return Promise.race([work, promise]).finally(() => {
    signal.removeEventListener('abort', stop);
  });
}

async function asResult(work: Promise<AcquiredToken>): Promise<Result<AcquiredToken, AcquireError>> {
  try {
    return { ok: true, ...(await work) };
  } catch (error) {
    if (error instanceof AcquireError) return { ok: false, error };
    throw error;
  }
}
