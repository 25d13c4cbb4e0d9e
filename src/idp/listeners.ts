import type { Address } from '../settings.ts';
import { createRouter } from '../web/router.ts';
import type { Route } from '../web/router.ts';
import type { ListenerSpec } from '../web/serve.ts';
import type { IdpConfig, IdpOrigins } from './config.ts';
import { markedListener } from './marked.ts';
import type { Realm, Site } from './persona.ts';
import type { EntraOptions } from './personas/entra.ts';
import { entraRoutes } from './routes-entra.ts';
import { idportenLoginRoutes, idportenRoutes } from './routes-idporten.ts';
import { maskinportenRoutes } from './routes-maskinporten.ts';

/** Certificate and key of the https listeners, PEM. */
export interface Tls {
  readonly cert: string;
  readonly key: string;
}

/** ID-porten on its two origins: what browsers visit, and the back end. */
export function idportenListeners(realm: Realm, config: IdpConfig, origins: IdpOrigins): readonly ListenerSpec[] {
  const issuer = origins.idporten;
  const site: Site = { realm, place: { issuer, tokenEndpoint: `${issuer}/token`, tenant: '' }, secure: false };
  const browser = { ...site, secure: origins.idportenLogin.startsWith('https:') };
  return [
    listener(
      realm,
      'ID-porten',
      'FULLMAKT_IDP_IDPORTEN_BIND',
      config.idportenBind,
      idportenRoutes(site, origins.idportenLogin),
    ),
    listener(
      realm,
      'ID-porten login',
      'FULLMAKT_IDP_IDPORTEN_LOGIN_BIND',
      config.idportenLoginBind,
      idportenLoginRoutes(browser),
    ),
  ];
}

/** Entra ID over https, and its http alias; over http alone when its origin is http. */
export function entraListeners(
  realm: Realm,
  config: IdpConfig,
  options: EntraOptions,
  tls: Tls | undefined,
): readonly ListenerSpec[] {
  const plain = listener(
    realm,
    'Entra ID (http)',
    'FULLMAKT_IDP_ENTRA_HTTP_BIND',
    config.entraHttpBind,
    entraRoutes(realm, options, false),
  );
  if (tls === undefined) return [plain];
  const routes = entraRoutes(realm, options, true);
  return [plain, { ...listener(realm, 'Entra ID', 'FULLMAKT_IDP_ENTRA_BIND', config.entraBind, routes), tls }];
}

/** Maskinporten on its one origin. */
export function maskinportenListeners(realm: Realm, config: IdpConfig, issuer: string): readonly ListenerSpec[] {
  const site: Site = { realm, place: { issuer, tokenEndpoint: `${issuer}token`, tenant: '' }, secure: false };
  return [
    listener(
      realm,
      'Maskinporten',
      'FULLMAKT_IDP_MASKINPORTEN_BIND',
      config.maskinportenBind,
      maskinportenRoutes(site),
    ),
  ];
}

function listener(realm: Realm, name: string, setting: string, bind: Address, routes: readonly Route[]): ListenerSpec {
  return markedListener(realm, { name, setting, host: bind.host, port: bind.port, handle: createRouter(routes) });
}
