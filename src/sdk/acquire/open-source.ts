import type { TokenCacheEvent } from '../../oauth/tokens/cached-token.ts';
import { ConfigError } from '../config-error.ts';
import type { SdkEvent } from '../events.ts';
import { fetchOfNow } from '../fetch-of-now.ts';
import { readDirectProviders } from '../settings/direct-clients.ts';
import type { DirectProvider } from '../settings/direct-clients.ts';
import { assertOptions, unknownOptions } from '../settings/option-names.ts';
import { readPolicy } from '../settings/options.ts';
import type { Options } from '../settings/options.ts';
import type { Telemetry } from '../telemetry.ts';
import { AcquireError, acquireErrorOf } from './acquire-error.ts';
import { createDirectSource } from './direct.ts';
import type { TokenSource } from './token-source.ts';
import { createSidecarSource } from './via-sidecar.ts';

const WAYS: ReadonlySet<string> = new Set(['auto', 'sidecar', 'direct']);

/** How tokens are acquired; `auto`: from the sidecar if `NAIS_TOKEN_ENDPOINT` is set, else directly, with the application's own keys. */
export type TokensOptions = Options & { readonly via?: 'auto' | 'sidecar' | 'direct' };

/** Throws ConfigError for options that cannot work, all of them at once. */
export function checkOptions(options: TokensOptions): void {
  assertOptions(options);
  const findings = [...unknownOptions(options)];
  const { via = 'auto' } = options;
  if (!WAYS.has(via)) findings.push('via has to be auto, sidecar or direct');
  readPolicy(options, findings);
  if (findings.length > 0) throw new ConfigError(findings);
}

/** The sidecar or the providers themselves, as `via` and the environment say. Throws ConfigError as `tokensFromEnv` does. */
export function openSource(options: TokensOptions, now: () => number, telemetry: Telemetry): TokenSource {
  const { via = 'auto', env = process.env, fetch = fetchOfNow } = options;
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
