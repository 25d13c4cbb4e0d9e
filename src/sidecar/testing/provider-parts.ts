import type { Fetch } from '../../oauth/fetch.ts';
import type { Clock } from '../../oauth/time.ts';
import { silent } from '../../observe/events.ts';
import type { ProviderDependencies } from '../provider/provider.ts';
import { createIssuers } from '../reload/issuers.ts';

/** What a provider in a test runs on: this network and this clock, and every URL is allowed. */
export function providerParts(fetch: Fetch, now: Clock): ProviderDependencies {
  const issuers = createIssuers({ fetch, now, emit: silent });
  return { fetch, now, emit: silent, issuers, urlRules: { rules: '', isAllowedUrl: () => true } };
}
