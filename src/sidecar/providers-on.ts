import { readProviders } from '../providers/environment.ts';
import { PROVIDER_VARIABLES } from '../providers/provider-variables.ts';
import { providerVariables } from './config-problems.ts';
import type { SidecarConfig } from './config.ts';

/** The names of the providers that are on; none where they could not be read. */
export function providersOn(config: Partial<SidecarConfig>): readonly string[] {
  const read = readProviders(providerVariables(config));
  return read.ok ? [...read.providers.keys()] : [];
}

/**
 * At most one warning, about providers whose variables are set while nothing says whether they are on: a forgotten or misspelt
 * switch. `false` is an answer, and a daemon's applications have their own variables.
 */
export function forgottenSwitches(config: Partial<SidecarConfig>): readonly string[] {
  if (config.appsDir !== undefined) return [];
  const said = providerVariables(config);
  const forgotten = Object.values(PROVIDER_VARIABLES).flatMap(({ enabled, ...variables }) => {
    if (said[enabled] !== undefined) return [];
    const found = Object.values(variables).find((name) => typeof name === 'string' && said[name] !== undefined);
    return found === undefined ? [] : [`${enabled} (${found} is set)`];
  });
  if (forgotten.length === 0) return [];
  return [
    `a provider stays off, as its switch is not set: ${forgotten.join(', ')}; true switches it on, false ends this warning`,
  ];
}
