import type { Fetch } from '../../oauth/fetch.ts';
import { exchangeForm, machineForm } from '../../oauth/grants/acquisition-forms.ts';
import type { GrantClient } from '../../oauth/grants/acquisition-forms.ts';
import { createLocalSigner } from '../../oauth/grants/signer.ts';
import { issuerUrlProblem, parseLocalIssuers } from '../../oauth/local-issuers.ts';
import type { Clock } from '../../oauth/time.ts';
import { createEndpoints } from '../../oauth/token-endpoint/endpoints.ts';
import { createTokenEndpoint } from '../../oauth/token-endpoint/token-endpoint.ts';
import type { FormMaker } from '../../oauth/token-endpoint/token-endpoint.ts';
import { acquireMachineToken, acquireUserToken } from '../../oauth/tokens/acquire.ts';
import type { Acquisition } from '../../oauth/tokens/acquire.ts';
import type { TokenCacheEvent } from '../../oauth/tokens/cached-token.ts';
import { createTokenCache } from '../../oauth/tokens/token-cache.ts';
import type { DirectClient, DirectProvider } from '../settings/direct-clients.ts';
import type { Options } from '../settings/options.ts';
import type { Telemetry } from '../telemetry.ts';
import { clockedFetch } from '../telemetry/clocked-fetch.ts';
import { AcquireError } from './acquire-error.ts';
import { narrowingOf } from './narrowing.ts';
import type { Ask } from './requests.ts';
import type { TokenSource } from './token-source.ts';

/** What the library runs on when it asks providers itself. */
export interface DirectDependencies {
  readonly env: NonNullable<Options['env']>;
  readonly fetch: Fetch;
  readonly now: Clock;
  readonly providers: readonly DirectProvider[];
  readonly onEvent: (event: TokenCacheEvent) => void;
  readonly telemetry: Telemetry;
}

type Client = GrantClient & Acquisition['client'];

/** Tokens from the providers themselves, with the application's own keys: grants, retries and cache as in the sidecar. */
export function createDirectSource(dependencies: DirectDependencies): TokenSource {
  const { now, providers, onEvent } = dependencies;
  const cache = createTokenCache<string>({ now, refreshAhead: true, staleOnError: true, onEvent });
  const clients = new Map<string, Client>();
  for (const { provider, client } of providers) {
    if (client !== undefined) clients.set(provider, open(client, provider, dependencies));
  }

  function clientAt(provider: string): Client {
    const client = clients.get(provider);
    if (client === undefined) throw notConfigured(provider, providers);
    return client;
  }

  function acquisition(client: Client, form: FormMaker | undefined): Acquisition {
    if (form === undefined) throw new AcquireError('request', `${client.provider} gives no tokens of this kind`);
    return { client, form, cache, now };
  }

  return {
    async machine(request) {
      const client = clientAt(request.provider);
      const { target } = request;
      const grant = { ...narrowingOf(request), target };
      return await acquireMachineToken(acquisition(client, machineForm(client, grant, now)), grant, optionsOf(request));
    },
    async user(request, userToken) {
      const client = clientAt(request.provider);
      const grant = { target: request.target, userToken };
      return await acquireUserToken(acquisition(client, exchangeForm(client, grant, now)), grant, optionsOf(request));
    },
    size: () => cache.size(),
    close() {
      cache.close();
    },
  };
}

function optionsOf({ fresh, signal }: Ask): {
  readonly skip: boolean | undefined;
  readonly signal: AbortSignal | undefined;
} {
  return { skip: fresh, signal };
}

function open(client: DirectClient, provider: DirectProvider['provider'], dependencies: DirectDependencies): Client {
  const { env, now, telemetry } = dependencies;
  const fetch = clockedFetch(provider, dependencies);
  const { issuer, clientId, key } = client;
  const local = parseLocalIssuers(env['FULLMAKT_ALLOW_LOCAL_PROVIDERS']);
  const isAllowedUrl = (url: string): boolean => issuerUrlProblem(url, local) === undefined;
  const endpoints = createEndpoints(client, { fetch, now, isAllowedUrl });
  const onAttempt = ({ outcome, seconds }: { readonly outcome: string; readonly seconds: number }): void => {
    telemetry.meters?.attempted(provider, outcome, seconds);
  };
  const tokenEndpoint = createTokenEndpoint({ url: () => endpoints.tokenEndpoint(), fetch, now, onAttempt });
  telemetry.meters?.watch('breaker_open', { provider }, () => (tokenEndpoint.breakerOpen() ? 1 : 0));
  return { provider, issuer, clientId, signer: createLocalSigner(() => key), tokenEndpoint };
}

function notConfigured(provider: string, providers: readonly DirectProvider[]): AcquireError {
  const findings = providers.find((each) => each.provider === provider)?.findings ?? [
    `${provider} gives no tokens to applications`,
  ];
  return new AcquireError('not_configured', `NAIS_TOKEN_ENDPOINT is not set, and ${findings.join('; ')}`);
}
