import { policyFault } from '../oauth/policy.ts';
import { readProviders } from '../providers/environment.ts';
import { PROVIDER_VARIABLES } from '../providers/provider-variables.ts';
import type { SidecarConfig } from './config.ts';
import { isPlaceOf, placesOf } from './daemon/app-place.ts';
import { isLoopback } from './door/front-door.ts';
import { apiAddress } from './listens-at.ts';
import { USER_ISSUERS } from './judge/user-token.ts';

/** Everything that keeps settings from working together, each naming its variable; what could not be read is left out of the judgement. */
export function sidecarProblems(
  config: Partial<SidecarConfig>,
  read: ReturnType<typeof readProviders> = readProviders(providerVariables(config)),
): readonly string[] {
  if (config.appsDir !== undefined) return [...daemonProblems(config), ...boundProblems(config)];
  const problems = [...(read.ok ? [] : read.problems), ...oddTexts(config), ...boundProblems(config)];
  const { bind, socket, probeBind } = config;
  const address = apiAddress({ ...(bind && { bind }), ...(socket && { socket }) });
  if (address !== undefined && placesOf(address).some((place) => isPlaceOf(place, probeBind))) {
    problems.push('PROBE_BIND_ADDRESS is the place of BIND_ADDRESS: each needs a port of its own');
  }
  if (address !== undefined && !isLoopback(address.host) && config.allowRemote === false) {
    problems.push('BIND_ADDRESS is not loopback: only FULLMAKT_SIDECAR_ALLOW_REMOTE=true allows that');
  }
  if (bind === 'none' && socket === undefined) {
    problems.push('BIND_ADDRESS is none: then FULLMAKT_SIDECAR_SOCKET has to say where applications come in');
  }
  if (config.validateUserToken === true && read.ok && !USER_ISSUERS.some((name) => read.providers.has(name))) {
    const switches = USER_ISSUERS.map((name) => PROVIDER_VARIABLES[name].enabled).join(', ');
    problems.push(
      `FULLMAKT_SIDECAR_VALIDATE_USER_TOKEN is true, but no issuer of user tokens is on: set one of ${switches}`,
    );
  }
  return problems;
}

/** Numbers have the bounds of the policy they become part of, whoever is served by it. */
function boundProblems({
  leewaySeconds = 0,
  introspectionCacheSeconds = 0,
}: Partial<SidecarConfig>): readonly string[] {
  const leewayFault = policyFault('leewaySeconds', leewaySeconds);
  const ageFault =
    introspectionCacheSeconds === 0 ? undefined : policyFault('verifiedAgeSeconds', introspectionCacheSeconds);
  return [
    ...(leewayFault === undefined ? [] : [`FULLMAKT_SIDECAR_LEEWAY_SECONDS ${leewayFault}`]),
    ...(ageFault === undefined ? [] : [`FULLMAKT_SIDECAR_INTROSPECTION_CACHE_SECONDS ${ageFault}, or 0 for no cache`]),
  ];
}

/** JSON may hold line breaks, and has to be in no quotes to be read at all. */
const JSON_TEXT = /JWK$|^FULLMAKT_ISSUERS$/;
const QUOTED = /^(["']).*\1$/s;

/**
 * Client ids, audiences and URLs that nobody has meant: with quotes around them, which a shell takes away and a file of variables does
 * not always, or with line breaks in them. They would pass, and fail at the first token.
 */
function oddTexts(config: Partial<SidecarConfig>): readonly string[] {
  return Object.entries(providerVariables(config)).flatMap(([name, value]) => {
    if (JSON_TEXT.test(name)) return [];
    if (QUOTED.test(value)) return [`${name} stands in quotes, which are part of it as it is`];
    // oxlint-disable-next-line no-control-regex -- control characters are what this is about
    return /[\u0000-\u001f\u007f]/.test(value) ? [`${name} holds a line break or another control character`] : [];
  });
}

/** What would say something of one application where many are served is a mistake, and a dangerous one if it is a credential. */
function daemonProblems(config: Partial<SidecarConfig>): readonly string[] {
  const { bind, socket, secretDirs = [], FULLMAKT_ISSUERS, FULLMAKT_ALLOW_LOCAL_PROVIDERS } = config;
  // The two that are every application's: what is wrong in them would be wrong in all.
  const shared = readProviders({ FULLMAKT_ISSUERS, FULLMAKT_ALLOW_LOCAL_PROVIDERS });
  const switches: ReadonlySet<string> = new Set(Object.values(PROVIDER_VARIABLES).map(({ enabled }) => enabled));
  const said = [
    ...(bind === undefined ? [] : ['BIND_ADDRESS']),
    ...(socket === undefined ? [] : ['FULLMAKT_SIDECAR_SOCKET']),
    ...(secretDirs.length === 0 ? [] : ['FULLMAKT_SIDECAR_SECRET_DIRS']),
    ...Object.entries(providerVariables(config)).flatMap(([name, value]) =>
      switches.has(name) && value !== 'false' ? [name] : [],
    ),
  ];
  return [
    ...said.map(
      (name) => `${name} is of one application: with FULLMAKT_SIDECAR_APPS_DIR each has its own in its folder`,
    ),
    ...(shared.ok ? [] : shared.problems),
  ];
}

/** The members of the configuration that are variables of providers. */
export function providerVariables(config: Partial<SidecarConfig>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(config).flatMap(([name, value]) =>
      typeof value === 'string' && name === name.toUpperCase() ? [[name, value]] : [],
    ),
  );
}
