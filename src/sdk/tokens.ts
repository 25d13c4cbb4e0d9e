import type { CachedToken } from '../oauth/tokens/cached-token.ts';
import { AcquireError, acquireErrorOf } from './acquire/acquire-error.ts';
import { checkRequest, userTokenOf } from './acquire/check-request.ts';
import { checkOptions, openSource } from './acquire/open-source.ts';
import type { TokensOptions } from './acquire/open-source.ts';
import type { MachineRequest, UserRequest } from './acquire/requests.ts';
import type { Result } from './result.ts';
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

/**
 * Tokens for the application the environment describes. What it lacks shows when a token is asked for, as `not_configured`; with
 * `direct`, ConfigError is thrown that lists everything that is missing or malformed, and the alternatives.
 */
export function tokensFromEnv(options: TokensOptions = {}): Tokens {
  checkOptions(options);
  const telemetry = createTelemetry(options);
  const { meters } = telemetry;
  const now = options.clock ?? ((): number => Date.now() / 1000);
  const source = openSource(options, now, telemetry);
  meters?.watch('cache_entries', { cache: 'tokens' }, () => source.size().entries);
  meters?.watch('cache_bytes', { cache: 'tokens' }, () => source.size().bytes);

  const acquire = createAcquire(now, telemetry);
  const machineOrThrow: Tokens['machineOrThrow'] = async (request) => {
    checkRequest(request, 'machine');
    return await acquire({ path: 'machine', request, ask: () => source.machine(request) });
  };
  const onBehalfOfOrThrow: Tokens['onBehalfOfOrThrow'] = async (request) => {
    checkRequest(request, 'user');
    const userToken = userTokenOf(request.user);
    return await acquire({ path: 'exchange', request, ask: () => source.user(request, userToken), userToken });
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

/** One token to acquire: what for, and whom to ask. */
interface Errand {
  readonly path: 'machine' | 'exchange';
  readonly request: MachineRequest | UserRequest;
  readonly ask: () => Promise<CachedToken<string>>;
  readonly userToken?: string;
}

/** Acquires tokens and tells of each. Rejects with AcquireError. */
function createAcquire(now: () => number, telemetry: Telemetry): (errand: Errand) => Promise<AcquiredToken> {
  const { emit, meters } = telemetry;
  return async ({ path, request: { provider, target, signal }, ask, userToken }) => {
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
  };
}

async function asResult(work: Promise<AcquiredToken>): Promise<Result<AcquiredToken, AcquireError>> {
  try {
    return { ok: true, ...(await work) };
  } catch (error) {
    if (error instanceof AcquireError) return { ok: false, error };
    throw error;
  }
}
