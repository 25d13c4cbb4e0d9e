import { issuerUrlProblem, parseLocalIssuers } from '../../oauth/local-issuers.ts';
import { readProviders } from '../../providers/environment.ts';
import type { ProviderSettings } from '../../providers/provider-settings.ts';
import type { SidecarConfig } from '../config.ts';
import { providerVariables, sidecarProblems } from '../config-problems.ts';
import type { UrlRules } from './issuers.ts';

/** The configuration cannot work; one problem a line, each naming its variable. */
export class SidecarMisconfigured extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('; '));
    this.name = 'SidecarMisconfigured';
    this.problems = problems;
  }
}

/** What a configuration says of providers, checked as a whole. */
export interface JudgedConfig {
  readonly settings: ReadonlyMap<string, ProviderSettings>;
  readonly urlRules: UrlRules;
  /** Hosts of this machine and further ones that may be providers; undefined when none may. */
  readonly localHosts: string | undefined;
}

/** Checks a configuration before anything of it is used. Throws SidecarMisconfigured. */
export function judgeConfig(config: SidecarConfig): JudgedConfig {
  const rules = config.FULLMAKT_ALLOW_LOCAL_PROVIDERS ?? '';
  const local = parseLocalIssuers(rules);
  const read = readProviders(providerVariables(config));
  const problems = sidecarProblems(config, read);
  if (!read.ok || problems.length > 0) throw new SidecarMisconfigured(problems);
  return {
    settings: read.providers,
    urlRules: { rules, isAllowedUrl: (url) => issuerUrlProblem(url, local) === undefined },
    localHosts: local.allowed ? local.hosts.join(',') : undefined,
  };
}
