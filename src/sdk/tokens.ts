import type { CachedToken, TokenCacheEvent } from '../oauth/tokens/cached-token.ts';
import { AcquireError, acquireErrorOf } from './acquire/acquire-error.ts';
import { checkRequest, userTokenOf } from './acquire/check-request.ts';
import { createDirectSource } from './acquire/direct.ts';
import type { Ask, MachineRequest, UserRequest } from './acquire/requests.ts';
import type { TokenSource } from './acquire/token-source.ts';
import { createSidecarSource } from './acquire/via-sidecar.ts';
import { ConfigError } from './config-error.ts';
import type { SdkEvent } from './events.ts';
import type { Provider } from './principal.ts';
import type { Result } from './result.ts';
import { readDirectProviders } from './settings/direct-clients.ts';
import type { DirectProvider } from './settings/direct-clients.ts';
import { unknownOptions } from './settings/option-names.ts';
import { readPolicy } from './settings/options.ts';
import type { Options } from './settings/options.ts';
import { createTelemetry } from './telemetry.ts';
import type { Telemetry } from './telemetry.ts';
import { observeAcquiring } from './telemetry/observe.ts';
import { createTokenHandle } from './token-handle.ts';
import type { TokenHandle } from './token-handle.ts';

export { AcquireError } from './acquire/acquire-error.ts';
export type { Ask, MachineRequest, UserRequest, UserToken } from './acquire/requests.ts';

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

const WAYS: ReadonlySet<string> = new Set(['auto', 'sidecar', 'direct']);

/** How tokens are acquired; `auto`: from the sidecar if `NAIS_TOKEN_ENDPOINT` is set, else directly, with the application's own keys. */
type TokensOptions = Options & { readonly via?: 'auto' | 'sidecar' | 'direct' };

/**
 * Tokens for the application the environment describes. What it lacks shows when a token is asked for, as `not_configured`; with
 * `direct`, ConfigError is thrown that lists everything that is missing or malformed, and the alternatives.
 */
export function tokensFromEnv(options: TokensOptions = {}): Tokens {
  checkOptions(options);
  const telemetry = createTelemetry(options);
  const { emit, meters } = telemetry;
  const now = options.clock ?? ((): number => Date.now() / 1000);
  const source = openSource(options, now, telemetry);
  meters?.watch('cache_entries', { cache: 'tokens' }, () => source.size().entries);
  meters?.watch('cache_bytes', { cache: 'tokens' }, () => source.size().bytes);

  async function acquire(
    path: 'machine' | 'exchange',
    request: Ask & { readonly provider: Provider },
    ask: () => Promise<CachedToken<string>>,
    userToken?: string,
  ): Promise<AcquiredToken> {
    const { provider, target, signal } = request;
    return await observeAcquiring({ path, provider, target }, telemetry, async () => {
      try {
        const { value, secondsLeft, result } = await ask();
        meters?.cache(path, provider, result);
        const fromCache = result === 'hit' || result === 'joined' || result === 'stale';
        emit({ event: 'token.acquired', provider, target, fromCache });
        return { token: createTokenHandle(value), expiresAt: Math.floor(now()) + secondsLeft, fromCache };
      } catch (error) {
        const isAborted = signal?.aborted === true && error === signal.reason;
        if (!isAborted) throw acquireErrorOf(error, userToken);
        // The reason is the caller's own, and tells a deadline from an end.
        throw new AcquireError('aborted', 'the caller stopped waiting', { cause: error });
      }
    });
  }

  const machineOrThrow: Tokens['machineOrThrow'] = async (request) => {
    checkRequest(request);
    return await acquire('machine', request, () => source.machine(request));
  };
  const onBehalfOfOrThrow: Tokens['onBehalfOfOrThrow'] = async (request) => {
    checkRequest(request);
    const userToken = userTokenOf(request.user);
    return await acquire('exchange', request, () => source.user(request, userToken), userToken);
  };
  return {
    machineOrThrow,
    onBehalfOfOrThrow,
    machine: (request) => asResult(machineOrThrow(request)),
    onBehalfOf: (request) => asResult(onBehalfOfOrThrow(request)),
    close: () => {
      source.close();
      meters?.close();
    },
  };
}

function checkOptions(options: TokensOptions): void {
  const findings = [...unknownOptions(options)];
  const { via = 'auto' } = options;
  if (!WAYS.has(via)) findings.push('via has to be auto, sidecar or direct');
  readPolicy(options, findings);
  if (findings.length > 0) throw new ConfigError(findings);
}

function openSource(options: TokensOptions, now: () => number, telemetry: Telemetry): TokenSource {
  const { via = 'auto', env = process.env, fetch = globalThis.fetch } = options;
  const hasSidecar = (env['NAIS_TOKEN_ENDPOINT'] ?? '') !== '';
  if (via === 'sidecar' || (via === 'auto' && hasSidecar)) return createSidecarSource({ env, fetch, now });
  const providers = readDirectProviders(env);
  if (via === 'direct') checkDirect(providers);
  const onEvent = (told: TokenCacheEvent): void => {
    telemetry.meters?.refreshed(told.provider, told.event === 'refreshed' ? 'success' : 'failure');
    const event = sdkEventOf(told);
    if (event !== undefined) telemetry.emit(event);
  };
  return createDirectSource({ env, fetch, now, providers, onEvent, telemetry });
}

function checkDirect(providers: readonly DirectProvider[]): void {
  const meant = providers.filter(({ isMeant }) => isMeant);
  const findings = (meant.length === 0 ? providers : meant).flatMap((each) => each.findings);
  if (findings.length > 0)
    throw new ConfigError([...findings, 'the alternative is a sidecar, named by NAIS_TOKEN_ENDPOINT']);
}

function sdkEventOf(told: TokenCacheEvent): SdkEvent | undefined {
  const { target } = told;
  const provider = (['entra_id', 'tokenx', 'maskinporten'] as const).find((name) => name === told.provider);
  if (provider === undefined || told.event === 'refreshed') return undefined;
  if (told.event === 'stale') return { event: 'token.stale', provider, target, expiresAt: told.expiresAt };
  const error = acquireErrorOf(told.error);
  const kind = error instanceof AcquireError ? error.kind : 'transient';
  return { event: 'token.refresh_failed', provider, target, kind };
}

async function asResult(work: Promise<AcquiredToken>): Promise<Result<AcquiredToken, AcquireError>> {
  try {
    return { ok: true, ...(await work) };
  } catch (error) {
    if (error instanceof AcquireError) return { ok: false, error };
    throw error;
  }
}
