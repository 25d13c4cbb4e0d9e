import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import type { LoginSpec } from '../registry/model.ts';
import type { VariableSource, Variables } from './variables.ts';

const OPENID_CREDENTIALS = [
  'WONDERWALL_OPENID_CLIENT_ID',
  'WONDERWALL_OPENID_CLIENT_JWK',
  'WONDERWALL_OPENID_CLIENT_SECRET',
  'WONDERWALL_OPENID_WELL_KNOWN_URL',
];

/** What the login proxy in front of an app is told; empty for an app without a login. `azure` are the app's Entra variables. */
export function loginVariables(source: VariableSource, azure: Variables): Readonly<Record<string, string>> {
  const { login } = source.app.spec;
  if (login === undefined) return {};
  return {
    ...client(login, source, azure),
    FULLMAKT_LOGIN_AUTO_LOGIN: String(login.autoLogin),
    FULLMAKT_LOGIN_AUTO_LOGIN_IGNORE_PATHS: login.autoLoginIgnorePaths.join(','),
    ...(source.platform.allowLocalProviders ? { FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'true' } : {}),
    ...(source.platform.caFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: source.platform.caFile }),
  };
}

function client(login: LoginSpec, source: VariableSource, azure: Variables): Readonly<Record<string, string>> {
  switch (login.provider) {
    case 'idporten':
      return idportenLogin(login, source);
    case 'azure':
      return { FULLMAKT_LOGIN_PROVIDER: 'entra', ...azure.open, ...azure.secret };
    case 'openid':
    default:
      return openidLogin(login);
  }
}

/** Sessions at ID-porten end after six hours, or one without use. */
function idportenLogin(login: LoginSpec, source: VariableSource): Readonly<Record<string, string>> {
  const { app, place, platform, snapshot } = source;
  const registered = snapshot.clientOf(app.id, 'idporten');
  const endpoints = platform.endpoints.idporten;
  if (registered?.registration.provider !== 'idporten' || endpoints === undefined) return {};
  const [audience] = place.ingresses;
  const [redirectUri] = registered.registration.redirectUris;
  const key = source.credential('idporten', 'jwk', 'current');
  return {
    FULLMAKT_LOGIN_PROVIDER: 'idporten',
    IDPORTEN_CLIENT_ID: registered.clientId,
    ...(key === undefined ? {} : { IDPORTEN_CLIENT_JWK: key.value }),
    ...(redirectUri === undefined ? {} : { IDPORTEN_REDIRECT_URI: redirectUri }),
    ...(audience === undefined ? {} : { IDPORTEN_AUDIENCE: audience }),
    IDPORTEN_WELL_KNOWN_URL: endpoints.wellKnownUrl,
    IDPORTEN_ISSUER: endpoints.issuer,
    IDPORTEN_JWKS_URI: endpoints.jwksUri,
    IDPORTEN_TOKEN_ENDPOINT: endpoints.tokenEndpoint,
    FULLMAKT_LOGIN_OPENID_ACR_VALUES: login.level ?? 'idporten-loa-high',
    FULLMAKT_LOGIN_OPENID_UI_LOCALES: login.locale ?? 'nb',
    FULLMAKT_LOGIN_OPENID_SCOPES: registered.registration.scopes.join(' '),
    FULLMAKT_LOGIN_SESSION_MAX_LIFETIME: '6h',
    FULLMAKT_LOGIN_SESSION_INACTIVITY: 'true',
    FULLMAKT_LOGIN_SESSION_INACTIVITY_TIMEOUT: '1h',
  };
}

/** A file that cannot be read leaves its variables out: the login proxy says which are missing. */
function openidLogin({ openid }: LoginSpec): Readonly<Record<string, string>> {
  if (openid === undefined) return {};
  const read = openid.credentialsFile === undefined ? {} : readCredentials(openid.credentialsFile);
  return {
    FULLMAKT_LOGIN_PROVIDER: 'openid',
    WONDERWALL_OPENID_WELL_KNOWN_URL: openid.wellKnownUrl,
    ...read,
    FULLMAKT_LOGIN_OPENID_SCOPES: openid.scopes.join(' '),
    FULLMAKT_LOGIN_OPENID_AUDIENCES: openid.audiences.join(','),
  };
}

function readCredentials(file: string): Readonly<Record<string, string>> {
  try {
    const all = parseEnv(readFileSync(file, 'utf8'));
    const known = OPENID_CREDENTIALS.map((name) => [name, all[name] ?? '']);
    return Object.fromEntries(known.filter(([, value]) => value !== ''));
  } catch {
    return {};
  }
}
