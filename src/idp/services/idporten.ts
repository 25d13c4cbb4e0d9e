import { idportenPersona } from '../personas/idporten.ts';
import type { Site } from '../persona.ts';
import { idportenLoginRoutes, idportenRoutes } from '../routes/idporten.ts';
import type { Service, Stage } from '../stage.ts';
import { listenerOf } from '../stage.ts';

/** ID-porten on its two origins: the back end, and what browsers visit; each over https too where a setting says so. */
export async function openIdporten(stage: Stage): Promise<Service> {
  const { config, origins } = stage;
  const persona = idportenPersona({ refreshedIdToken: config.idportenRefreshedIdToken });
  const realm = await stage.makeRealm(persona, { naming: 'random', algorithms: ['RS256'] });
  const issuer = origins.idporten;
  const place = { issuer, tokenEndpoint: `${issuer}/token`, tenant: '' };
  const backEnd = idportenRoutes({ realm, place, secure: false }, origins.idportenLogin);
  const login = (secure: boolean): ReturnType<typeof idportenLoginRoutes> =>
    idportenLoginRoutes({ realm, place, secure } satisfies Site);
  const listeners = [
    listenerOf(realm, { name: 'ID-porten', setting: 'FULLMAKT_IDP_IDPORTEN_BIND', bind: config.idportenBind }, backEnd),
    listenerOf(
      realm,
      { name: 'ID-porten login', setting: 'FULLMAKT_IDP_IDPORTEN_LOGIN_BIND', bind: config.idportenLoginBind },
      login(origins.idportenLogin.startsWith('https:')),
    ),
  ];
  const { idportenTlsBind: bind, idportenLoginTlsBind: loginBind } = config;
  if (bind !== undefined) {
    const spec = { name: 'ID-porten (https)', setting: 'FULLMAKT_IDP_IDPORTEN_TLS_BIND', bind, tls: await stage.tls() };
    listeners.push(listenerOf(realm, spec, backEnd));
  }
  if (loginBind !== undefined) {
    const setting = 'FULLMAKT_IDP_IDPORTEN_LOGIN_TLS_BIND';
    const spec = { name: 'ID-porten login (https)', setting, bind: loginBind, tls: await stage.tls() };
    listeners.push(listenerOf(realm, spec, login(true)));
  }
  return { name: 'idporten', issuer, realm, place: () => place, listeners };
}
