import { maskinportenPersona } from '../personas/maskinporten.ts';
import { maskinportenRoutes } from '../routes/maskinporten.ts';
import type { Service, Stage } from '../stage.ts';
import { listenerOf } from '../stage.ts';

/** Maskinporten on its one origin; over https too where a setting says so. */
export async function openMaskinporten(stage: Stage): Promise<Service> {
  const { config, origins } = stage;
  const issuer = origins.maskinporten;
  const realm = await stage.makeRealm(maskinportenPersona(issuer), { naming: 'random', algorithms: ['RS256'] });
  const place = { issuer, tokenEndpoint: `${issuer}token`, tenant: '' };
  const routes = maskinportenRoutes({ realm, place, secure: false });
  const { maskinportenBind, maskinportenTlsBind: bind } = config;
  const plain = { name: 'Maskinporten', setting: 'FULLMAKT_IDP_MASKINPORTEN_BIND', bind: maskinportenBind };
  const listeners = [listenerOf(realm, plain, routes)];
  if (bind !== undefined) {
    const setting = 'FULLMAKT_IDP_MASKINPORTEN_TLS_BIND';
    listeners.push(listenerOf(realm, { name: 'Maskinporten (https)', setting, bind, tls: await stage.tls() }, routes));
  }
  return { name: 'maskinporten', issuer, realm, place: () => place, listeners };
}
