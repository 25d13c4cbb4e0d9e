import { isAbsolute, resolve } from 'node:path';
import { POLICIES } from '../oauth/policy.ts';
import { address, boolean, integer, list, seconds, text } from '../settings.ts';
import type { Address, Setting, SettingsTable } from '../settings.ts';
import { isHeaderName } from '../web/headers.ts';
import { parseHostNames } from './door/host-names.ts';

/** Members named as variables: the environment contract of providers, read by `providers/environment.ts`. */
interface ProviderVariableSettings {
  readonly AZURE_ENABLED?: string;
  readonly AZURE_APP_CLIENT_ID?: string;
  readonly AZURE_APP_WELL_KNOWN_URL?: string;
  readonly AZURE_APP_JWK?: string;
  readonly AZURE_OPENID_CONFIG_ISSUER?: string;
  readonly AZURE_OPENID_CONFIG_JWKS_URI?: string;
  readonly AZURE_OPENID_CONFIG_TOKEN_ENDPOINT?: string;
  readonly TOKEN_X_ENABLED?: string;
  readonly TOKEN_X_CLIENT_ID?: string;
  readonly TOKEN_X_WELL_KNOWN_URL?: string;
  readonly TOKEN_X_PRIVATE_JWK?: string;
  readonly TOKEN_X_ISSUER?: string;
  readonly TOKEN_X_JWKS_URI?: string;
  readonly TOKEN_X_TOKEN_ENDPOINT?: string;
  readonly MASKINPORTEN_ENABLED?: string;
  readonly MASKINPORTEN_CLIENT_ID?: string;
  readonly MASKINPORTEN_WELL_KNOWN_URL?: string;
  readonly MASKINPORTEN_CLIENT_JWK?: string;
  readonly MASKINPORTEN_ISSUER?: string;
  readonly MASKINPORTEN_JWKS_URI?: string;
  readonly MASKINPORTEN_TOKEN_ENDPOINT?: string;
  readonly IDPORTEN_ENABLED?: string;
  readonly IDPORTEN_AUDIENCE?: string;
  readonly IDPORTEN_WELL_KNOWN_URL?: string;
  readonly IDPORTEN_ISSUER?: string;
  readonly IDPORTEN_JWKS_URI?: string;
  readonly ANSATTPORTEN_ENABLED?: string;
  readonly ANSATTPORTEN_AUDIENCE?: string;
  readonly ANSATTPORTEN_WELL_KNOWN_URL?: string;
  readonly ANSATTPORTEN_ISSUER?: string;
  readonly ANSATTPORTEN_JWKS_URI?: string;
  readonly FULLMAKT_ISSUERS?: string;
  readonly FULLMAKT_ALLOW_LOCAL_PROVIDERS?: string;
}

/** Everything the sidecar can be told. */
export interface SidecarConfig extends ProviderVariableSettings {
  /** Absent: the default, or none where there is a socket. `apiAddress` knows. */
  readonly bind?: Address | 'none';
  /** An absolute path. */
  readonly socket?: string;
  readonly probeBind?: Address;
  /** Absolute paths. */
  readonly secretDirs: readonly string[];
  /** Absolute path; set for a daemon of many applications. */
  readonly appsDir?: string;
  readonly allowRemote: boolean;
  readonly allowedHosts: readonly string[];
  readonly requiredHeader?: string;
  readonly jsonOnly: boolean;
  /** Targets tokens may be asked for; empty: any. */
  readonly targets: readonly string[];
  readonly leewaySeconds: number;
  readonly validateUserToken: boolean;
  /** 0: every token is judged anew. */
  readonly introspectionCacheSeconds: number;
  readonly cacheMaxBytes: number;
  readonly refreshAhead: boolean;
}

function variable(env: string, says: string): Setting<string> {
  return text({ env, says, optional: true });
}

function secret(env: string, says: string): Setting<string> {
  return text({ env, says, optional: true, secret: true });
}

/** What fits into an address of a socket (unix(7)). */
const SOCKET_BYTES = 107;

function parseSocket(path: string): string {
  if (isAbsolute(path) && Buffer.byteLength(path) <= SOCKET_BYTES) return path;
  throw new Error(`an absolute path of at most ${SOCKET_BYTES} bytes`);
}

function parseFolder(path: string): string {
  if (isAbsolute(path)) return resolve(path);
  throw new Error('an absolute path');
}

function parseFolders(paths: string): readonly string[] {
  return paths
    .split(':')
    .filter((path) => path !== '')
    .map(parseFolder);
}

/** A list of nothing would allow everything: whoever sets it wants a limit. */
function parseTargets(said: string): readonly string[] {
  const targets = LIST.parse(said);
  if (targets.length === 0) throw new Error('a list of targets');
  return targets;
}

function parseHeaderName(name: string): string {
  if (isHeaderName(name)) return name;
  throw new Error('the name of a header');
}

const LIST = list({ env: '', says: '' });
const ADDRESS = address({ env: 'BIND_ADDRESS', says: '' });
const DISCOVERY = 'Discovery document; not needed when the addresses are given one by one.';
const ISSUER = 'Issuer, exactly as tokens spell it.';
const JWKS_URI = 'Where the keys of the issuer are.';
const TOKEN_ENDPOINT = 'Where tokens are asked for.';
const PRIVATE_JWK = 'Private key of the client as a JWK with kid.';

/** The settings of `fullmakt sidecar`: its own, and the environment contract it shares with its application. */
export const sidecarSettings: SettingsTable<SidecarConfig> = {
  bind: {
    ...ADDRESS,
    says: 'Where applications reach the sidecar; loopback, unless remote use is allowed. none: by the socket alone.',
    shownDefault: '127.0.0.1:3000; none where there is a socket',
    optional: true,
    parse: (value) => (value === 'none' ? value : ADDRESS.parse(value)),
  },
  socket: {
    env: 'FULLMAKT_SIDECAR_SOCKET',
    says: 'Path of a Unix socket on which applications reach the sidecar; whoever may write to it gets tokens (mode 0660).',
    kind: 'path',
    optional: true,
    parse: parseSocket,
  },
  probeBind: address({
    env: 'PROBE_BIND_ADDRESS',
    says: 'Where probes and metrics are served; without it they are not.',
    optional: true,
  }),
  secretDirs: {
    env: 'FULLMAKT_SIDECAR_SECRET_DIRS',
    says: 'Folders with one file for each variable, which wins over the environment; read again when they change and on SIGHUP.',
    kind: 'absolute paths separated by colons',
    fallback: [],
    parse: parseFolders,
  },
  appsDir: {
    env: 'FULLMAKT_SIDECAR_APPS_DIR',
    says: 'Serves every application that has a folder <namespace>/<app> in here, each at its own address.',
    kind: 'absolute path',
    optional: true,
    parse: parseFolder,
  },
  allowRemote: boolean({
    env: 'FULLMAKT_SIDECAR_ALLOW_REMOTE',
    says: 'Allows an address that is not loopback: whoever reaches it gets tokens of this application.',
    fallback: false,
  }),
  allowedHosts: {
    env: 'FULLMAKT_SIDECAR_ALLOWED_HOSTS',
    says: 'Names accepted in the Host header beside the loopback ones, each without a port.',
    kind: 'list',
    fallback: [],
    parse: (said) => parseHostNames(LIST.parse(said)),
  },
  requiredHeader: {
    env: 'FULLMAKT_SIDECAR_REQUIRED_HEADER',
    says: 'Name of a header every request has to carry.',
    kind: 'text',
    optional: true,
    parse: parseHeaderName,
  },
  jsonOnly: boolean({
    env: 'FULLMAKT_SIDECAR_JSON_ONLY',
    says: 'Refuses forms, which a web page could send without asking.',
    fallback: false,
  }),
  targets: {
    env: 'FULLMAKT_SIDECAR_TARGETS',
    says: 'The only targets tokens may be asked for; any when empty.',
    kind: 'list',
    fallback: [],
    parse: parseTargets,
  },
  leewaySeconds: seconds({
    env: 'FULLMAKT_SIDECAR_LEEWAY_SECONDS',
    says: 'How far clocks may be apart when a token is judged.',
    fallback: POLICIES.texas.leewaySeconds,
  }),
  introspectionCacheSeconds: seconds({
    env: 'FULLMAKT_SIDECAR_INTROSPECTION_CACHE_SECONDS',
    says: 'For how long a good token is not judged again by introspection, at most 300; 0: it always is.',
    fallback: POLICIES.texas.verifiedAgeSeconds,
  }),
  validateUserToken: boolean({
    env: 'FULLMAKT_SIDECAR_VALIDATE_USER_TOKEN',
    says: 'Judges a user token before it is exchanged; one that does not hold is refused without asking the provider.',
    fallback: false,
  }),
  cacheMaxBytes: integer({
    env: 'FULLMAKT_SIDECAR_CACHE_MAX_BYTES',
    says: 'Memory for cached tokens, in bytes.',
    fallback: 64 * 1024 * 1024,
  }),
  refreshAhead: boolean({
    env: 'FULLMAKT_SIDECAR_REFRESH_AHEAD',
    says: 'Fetches tokens in use anew, in the background, before their time in the cache is over.',
    fallback: true,
  }),
  AZURE_ENABLED: variable('AZURE_ENABLED', 'Switches Entra ID on.'),
  AZURE_APP_CLIENT_ID: variable('AZURE_APP_CLIENT_ID', 'Client id at Entra ID, and the audience of its tokens.'),
  AZURE_APP_WELL_KNOWN_URL: variable('AZURE_APP_WELL_KNOWN_URL', DISCOVERY),
  AZURE_APP_JWK: secret('AZURE_APP_JWK', PRIVATE_JWK),
  AZURE_OPENID_CONFIG_ISSUER: variable('AZURE_OPENID_CONFIG_ISSUER', ISSUER),
  AZURE_OPENID_CONFIG_JWKS_URI: variable('AZURE_OPENID_CONFIG_JWKS_URI', JWKS_URI),
  AZURE_OPENID_CONFIG_TOKEN_ENDPOINT: variable('AZURE_OPENID_CONFIG_TOKEN_ENDPOINT', TOKEN_ENDPOINT),
  TOKEN_X_ENABLED: variable('TOKEN_X_ENABLED', 'Switches TokenX on.'),
  TOKEN_X_CLIENT_ID: variable('TOKEN_X_CLIENT_ID', 'Client id at TokenX, and the audience of its tokens.'),
  TOKEN_X_WELL_KNOWN_URL: variable('TOKEN_X_WELL_KNOWN_URL', DISCOVERY),
  TOKEN_X_PRIVATE_JWK: secret('TOKEN_X_PRIVATE_JWK', PRIVATE_JWK),
  TOKEN_X_ISSUER: variable('TOKEN_X_ISSUER', ISSUER),
  TOKEN_X_JWKS_URI: variable('TOKEN_X_JWKS_URI', JWKS_URI),
  TOKEN_X_TOKEN_ENDPOINT: variable('TOKEN_X_TOKEN_ENDPOINT', TOKEN_ENDPOINT),
  MASKINPORTEN_ENABLED: variable('MASKINPORTEN_ENABLED', 'Switches Maskinporten on.'),
  MASKINPORTEN_CLIENT_ID: variable('MASKINPORTEN_CLIENT_ID', 'Client id at Maskinporten.'),
  MASKINPORTEN_WELL_KNOWN_URL: variable('MASKINPORTEN_WELL_KNOWN_URL', DISCOVERY),
  MASKINPORTEN_CLIENT_JWK: secret('MASKINPORTEN_CLIENT_JWK', PRIVATE_JWK),
  MASKINPORTEN_ISSUER: variable('MASKINPORTEN_ISSUER', `${ISSUER} Ends in a slash.`),
  MASKINPORTEN_JWKS_URI: variable('MASKINPORTEN_JWKS_URI', JWKS_URI),
  MASKINPORTEN_TOKEN_ENDPOINT: variable('MASKINPORTEN_TOKEN_ENDPOINT', TOKEN_ENDPOINT),
  IDPORTEN_ENABLED: variable('IDPORTEN_ENABLED', 'Switches judging of ID-porten tokens on.'),
  IDPORTEN_AUDIENCE: variable('IDPORTEN_AUDIENCE', 'The audience of ID-porten tokens for this application.'),
  IDPORTEN_WELL_KNOWN_URL: variable('IDPORTEN_WELL_KNOWN_URL', DISCOVERY),
  IDPORTEN_ISSUER: variable('IDPORTEN_ISSUER', ISSUER),
  IDPORTEN_JWKS_URI: variable('IDPORTEN_JWKS_URI', JWKS_URI),
  ANSATTPORTEN_ENABLED: variable('ANSATTPORTEN_ENABLED', 'Switches judging of Ansattporten tokens on.'),
  ANSATTPORTEN_AUDIENCE: variable('ANSATTPORTEN_AUDIENCE', 'The audience of Ansattporten tokens for this application.'),
  ANSATTPORTEN_WELL_KNOWN_URL: variable('ANSATTPORTEN_WELL_KNOWN_URL', DISCOVERY),
  ANSATTPORTEN_ISSUER: variable('ANSATTPORTEN_ISSUER', ISSUER),
  ANSATTPORTEN_JWKS_URI: variable('ANSATTPORTEN_JWKS_URI', JWKS_URI),
  FULLMAKT_ISSUERS: variable('FULLMAKT_ISSUERS', 'Further issuers by name, and algorithms by provider, as JSON.'),
  FULLMAKT_ALLOW_LOCAL_PROVIDERS: variable(
    'FULLMAKT_ALLOW_LOCAL_PROVIDERS',
    'Allows providers on this machine, over http too: true, or further host names separated by commas.',
  ),
};
