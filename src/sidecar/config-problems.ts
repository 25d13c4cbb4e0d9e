import { policyFault } from '../oauth/policy.ts';
import { readProviders } from '../providers/environment.ts';
import { PROVIDER_VARIABLES } from '../providers/provider-variables.ts';
import type { SidecarConfig } from './config.ts';
import { isLoopback } from './door/front-door.ts';
import { apiAddress } from './listens-at.ts';
import { USER_ISSUERS } from './judge/user-token.ts';

/** Everything that keeps settings from working together, each naming its variable; what could not be read is left out of the judgement. */
export function sidecarProblems(
  config: Partial<SidecarConfig>,
  read: ReturnType<typeof readProviders> = readProviders(providerVariables(config)),
): readonly string[] {
  if (config.appsDir !== undefined) return daemonProblems(config);
  const problems = read.ok ? [] : [...read.problems];
  const { bind, socket, leewaySeconds = 0 } = config;
  const address = apiAddress({ ...(bind && { bind }), ...(socket && { socket }) });
  if (address !== undefined && !isLoopback(address.host) && config.allowRemote === false) {
    problems.push('BIND_ADDRESS is not loopback: only FULLMAKT_SIDECAR_ALLOW_REMOTE=true allows that');
  }
  if (bind === 'none' && socket === undefined) {
    problems.push('BIND_ADDRESS is none: then FULLMAKT_SIDECAR_SOCKET has to say where applications come in');
  }
  const { introspectionCacheSeconds = 0 } = config;
  const leewayFault = policyFault('leewaySeconds', leewaySeconds);
  if (leewayFault !== undefined) problems.push(`FULLMAKT_SIDECAR_LEEWAY_SECONDS ${leewayFault}`);
  const ageFault =
    introspectionCacheSeconds === 0 ? undefined : policyFault('verifiedAgeSeconds', introspectionCacheSeconds);
  if (ageFault !== undefined) {
    problems.push(`FULLMAKT_SIDECAR_INTROSPECTION_CACHE_SECONDS ${ageFault}, or 0 for no cache`);
  }
  if (config.validateUserToken === true && read.ok && !USER_ISSUERS.some((name) => read.providers.has(name))) {
    const switches = USER_ISSUERS.map((name) => PROVIDER_VARIABLES[name].enabled).join(', ');
    problems.push(
      `FULLMAKT_SIDECAR_VALIDATE_USER_TOKEN is true, but no issuer of user tokens is on: set one of ${switches}`,
    );
  }
  return problems;
}

/** What would say something of one application where many are served is a mistake, and a dangerous one if it is a credential. */
function daemonProblems(config: Partial<SidecarConfig>): readonly string[] {
  const { bind, socket, secretDirs = [] } = config;
  const switches: ReadonlySet<string> = new Set(Object.values(PROVIDER_VARIABLES).map(({ enabled }) => enabled));
  const said = [
    ...(bind === undefined ? [] : ['BIND_ADDRESS']),
    ...(socket === undefined ? [] : ['FULLMAKT_SIDECAR_SOCKET']),
    ...(secretDirs.length === 0 ? [] : ['FULLMAKT_SIDECAR_SECRET_DIRS']),
    ...Object.entries(providerVariables(config)).flatMap(([name, value]) =>
      switches.has(name) && value === 'true' ? [name] : [],
    ),
  ];
  return said.map(
    (name) => `${name} is of one application: with FULLMAKT_SIDECAR_APPS_DIR each has its own in its folder`,
  );
}

/** The members of the configuration that are variables of providers. */
export function providerVariables(config: Partial<SidecarConfig>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(config).flatMap(([name, value]) =>
      typeof value === 'string' && name === name.toUpperCase() ? [[name, value]] : [],
    ),
  );
}
