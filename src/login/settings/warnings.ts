/** What works but should be known at every start. Pure. */
import { PROVIDER_KINDS } from '../../providers/kinds.ts';
import { sharedDomain } from './judge-sso.ts';
import { variableOf } from './kinds.ts';
import type { GoodSettings } from './read.ts';
import { storeKind } from './store-url.ts';

/** One sentence for each. */
export function warningsOf({ settings, providers }: GoodSettings): readonly string[] {
  const warnings = settings.compat.map((one) => `${variableOf('compat')}=${one} is unsafe`);
  for (const { named, settings: own } of providers) {
    const isWanted = settings.role !== 'sso-proxy' && PROVIDER_KINDS[named.kind].audienceNeedsResource;
    if (isWanted && own.openidResourceIndicator === undefined)
      warnings.push(
        `${variableOf(`${named.prefix}.resource-indicator`)} is not set: access tokens will have no audience`,
      );
  }
  if (settings.role === 'sso-proxy' && settings.ssoDomain === undefined)
    warnings.push(`${variableOf('sso.domain')} is not set: ${sharedDomain(settings) ?? 'nothing'} is taken for it`);
  const hasKeys = settings.sessionKeys !== undefined || settings.sessionKeysFile !== undefined;
  if (!hasKeys && storeKind(settings.store) === 'memory')
    warnings.push(
      `${variableOf('session-keys')} is not set: a random key is used, and everybody is signed out at the next start`,
    );
  return warnings;
}
