import type { Fetch } from '../../oauth/fetch.ts';
import type { Clock } from '../../oauth/time.ts';
import type { CachedToken, LoadedToken } from '../../oauth/tokens/cached-token.ts';
import { createTokenCache } from '../../oauth/tokens/token-cache.ts';
import type { TokenKey } from '../../oauth/tokens/token-key.ts';
import { userTokenEnd } from '../../oauth/tokens/user-token-end.ts';
import type { Options } from '../settings/options.ts';
import { readVariable } from '../settings/variables.ts';
import { AcquireError } from './acquire-error.ts';
import { narrowingOf } from './narrowing.ts';
import type { Ask } from './requests.ts';
import { askSidecar } from './sidecar-client.ts';
import type { SidecarAddress } from './sidecar-client.ts';
import type { TokenSource } from './token-source.ts';

/** What the library runs on when it asks the sidecar. */
export interface SidecarDependencies {
  readonly env: NonNullable<Options['env']>;
  readonly fetch: Fetch;
  readonly now: Clock;
}

/** Longest time a token is served without asking the sidecar again, which may have a newer one. */
const MAX_AGE_SECONDS = 60;

type SidecarForm = Readonly<Record<string, unknown>> & { readonly user_token?: string };

interface Wanted {
  readonly variable: SidecarAddress['variable'];
  readonly form: SidecarForm;
  readonly key: Omit<TokenKey, 'issuer' | 'clientId'>;
  /** Seconds since the epoch, asked for when the token has come. */
  readonly until: () => number;
}

/** Where the sidecar is, or why nothing can be asked of it: in words that do not quote the value, which may hold a password. */
function readAddress(
  env: SidecarDependencies['env'],
  variable: SidecarAddress['variable'],
): { readonly url: string | undefined; readonly problem: string | undefined } {
  const url = readVariable(env, variable);
  if (url === undefined) return { url, problem: 'is not set' };
  if (!URL.canParse(url)) return { url, problem: 'is not a URL' };
  const { protocol, username, password } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:') return { url, problem: 'has to be http or https' };
  const isNamed = username !== '' || password !== '';
  return { url, problem: isNamed ? 'must not hold a user or a password' : undefined };
}

function never(): number {
  return Number.POSITIVE_INFINITY;
}

/**
 * Tokens from the sidecar that the environment names. It refreshes ahead and outlives outages itself, so here a token is only kept,
 * for a minute at most. What the environment lacks shows when a token is asked for, as `not_configured`.
 */
export function createSidecarSource({ env, fetch, now }: SidecarDependencies): TokenSource {
  const cache = createTokenCache<string>({ now });
  const addresses = {
    NAIS_TOKEN_ENDPOINT: readAddress(env, 'NAIS_TOKEN_ENDPOINT'),
    NAIS_TOKEN_EXCHANGE_ENDPOINT: readAddress(env, 'NAIS_TOKEN_EXCHANGE_ENDPOINT'),
  };

  async function acquire(wanted: Wanted, { fresh = false, signal }: Ask): Promise<CachedToken<string>> {
    const { url = '', problem } = addresses[wanted.variable];
    if (problem !== undefined) throw new AcquireError('not_configured', `${wanted.variable} ${problem}`);
    const form = fresh ? { ...wanted.form, skip_cache: true } : wanted.form;
    const load = async (): Promise<LoadedToken<string>> => {
      const { accessToken, expiresIn } = await askSidecar({ fetch, now }, { url, variable: wanted.variable }, form);
      const until = Math.min(now() + MAX_AGE_SECONDS, wanted.until());
      return { value: accessToken, expiresIn, bytes: accessToken.length, until };
    };
    // Which client it is only the sidecar knows: its address stands for that.
    return await cache.get({ ...wanted.key, issuer: url, clientId: '' }, load, { skip: fresh, signal });
  }

  return {
    machine(request) {
      const { provider, target } = request;
      const { resource, authorizationDetails } = narrowingOf(request);
      const form = { identity_provider: provider, target, resource, authorization_details: authorizationDetails };
      const key = { provider, grant: 'machine', target, resource, authorizationDetails } as const;
      return acquire({ variable: 'NAIS_TOKEN_ENDPOINT', form, key, until: never }, request);
    },
    user(request, userToken) {
      const { provider, target } = request;
      const form = { identity_provider: provider, target, user_token: userToken };
      const key = { provider, grant: 'exchange', target, userToken } as const;
      const until = (): number => userTokenEnd(userToken, now());
      return acquire({ variable: 'NAIS_TOKEN_EXCHANGE_ENDPOINT', form, key, until }, request);
    },
    size: () => cache.size(),
    close() {
      cache.close();
    },
  };
}
