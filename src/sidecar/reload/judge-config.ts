import { issuerUrlProblem, parseLocalIssuers } from '../../oauth/local-issuers.ts';
import { readProviders } from '../../providers/environment.ts';
import type { ProviderSettings } from '../../providers/provider-settings.ts';
import type { SidecarConfig } from '../config.ts';
import { isLoopback } from '../door/front-door.ts';
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

/** As for the SDK: more would make expiry mean little. */
const MAX_LEEWAY_SECONDS = 120;

/** Checks a configuration before anything of it is used. Throws SidecarMisconfigured. */
export function judgeConfig(config: SidecarConfig): JudgedConfig {
  const rules = config.FULLMAKT_ALLOW_LOCAL_PROVIDERS ?? '';
  const local = parseLocalIssuers(rules);
  const read = readProviders({ ...variablesOf(config) });
  const problems = read.ok ? [] : [...read.problems];
  if (!isLoopback(config.bind.host) && !config.allowRemote) {
    problems.push(`BIND_ADDRESS is not loopback: only FULLMAKT_SIDECAR_ALLOW_REMOTE=true allows that`);
  }
  if (!(config.leewaySeconds >= 0 && config.leewaySeconds <= MAX_LEEWAY_SECONDS)) {
    problems.push(`FULLMAKT_SIDECAR_LEEWAY_SECONDS has to be between 0 and ${MAX_LEEWAY_SECONDS}`);
  }
  if (!read.ok || problems.length > 0) throw new SidecarMisconfigured(problems);
  return {
    settings: read.providers,
    urlRules: { rules, isAllowedUrl: (url) => issuerUrlProblem(url, local) === undefined },
    localHosts: local.allowed ? local.hosts.join(',') : undefined,
  };
}

/** The members of the configuration that are variables of providers: those whose value is text. */
function variablesOf(config: SidecarConfig): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(config).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
}
