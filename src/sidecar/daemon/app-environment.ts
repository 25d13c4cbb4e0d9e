import { PROVIDER_VARIABLES } from '../../providers/provider-variables.ts';
import type { Environment } from '../../settings.ts';
import { sidecarSettings } from '../config.ts';
import { USER_ISSUERS } from '../judge/user-token.ts';
import type { AppPlace } from './app-place.ts';

/** Of the daemon itself, not of any application. */
const DAEMONS_OWN: ReadonlySet<string> = new Set([
  'BIND_ADDRESS',
  'PROBE_BIND_ADDRESS',
  'FULLMAKT_SIDECAR_SOCKET',
  'FULLMAKT_SIDECAR_SECRET_DIRS',
  'FULLMAKT_SIDECAR_APPS_DIR',
  'FULLMAKT_SIDECAR_ALLOW_REMOTE',
]);
/** Variables of providers that hold for everybody; clients and keys of the daemon's environment are nobody's. */
const FOR_ALL: ReadonlySet<string> = new Set(['FULLMAKT_ISSUERS', 'FULLMAKT_ALLOW_LOCAL_PROVIDERS']);

/** What lies beneath the folder of each application: the operator's settings. */
export function operatorEnvironment(env: Environment): Environment {
  const names = Object.entries<{ readonly env: string }>({ ...sidecarSettings }).flatMap(([member, { env: name }]) =>
    FOR_ALL.has(name) || (member !== name && !DAEMONS_OWN.has(name)) ? [name] : [],
  );
  return Object.fromEntries(names.map((name) => [name, env[name]]));
}

/** The variables of one application as its sidecar reads them. */
export function appVariables(variables: Environment, place: AppPlace): Readonly<Record<string, string>> {
  const { NAIS_TOKEN_ENDPOINT: _, ...rest } = variables;
  const known = Object.entries(rest).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  const hasUsers = USER_ISSUERS.some((name) => variables[PROVIDER_VARIABLES[name].enabled] === 'true');
  return {
    ...Object.fromEntries(known),
    ...place.settings,
    // An application that has no users exchanges nobody's token.
    ...(hasUsers ? {} : { FULLMAKT_SIDECAR_VALIDATE_USER_TOKEN: 'false' }),
  };
}
