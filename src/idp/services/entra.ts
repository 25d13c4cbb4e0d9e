import { entraPersona } from '../personas/entra.ts';
import { entraRoutes } from '../routes-entra.ts';
import type { Place } from '../persona.ts';
import type { Service, Stage } from '../stage.ts';
import { listenerOf } from '../stage.ts';
import { createTenants } from '../tenants.ts';

/** Entra ID over https, and its http alias; over http alone when its origin is http. */
export async function openEntra(stage: Stage): Promise<Service> {
  const { config, origins } = stage;
  const tenants = createTenants(config.entraTenants);
  const options = { origin: origins.entra, graphOrigin: origins.graph, tenants };
  const realm = await stage.makeRealm(entraPersona(options), { naming: 'thumbprint', algorithms: ['RS256'] });
  const place = (tenant = tenants.defaultTenant): Place => ({
    issuer: `${origins.entra}/${tenant}/v2.0`,
    tokenEndpoint: `${origins.entra}/${tenant}/oauth2/v2.0/token`,
    tenant,
  });
  const { issuer } = place();
  const plain = listenerOf(
    realm,
    { name: 'Entra ID (http)', setting: 'FULLMAKT_IDP_ENTRA_HTTP_BIND', bind: config.entraHttpBind },
    entraRoutes(realm, options, false),
  );
  if (!origins.entra.startsWith('https:')) return { name: 'entra', issuer, realm, place, listeners: [plain] };
  const secure = {
    name: 'Entra ID',
    setting: 'FULLMAKT_IDP_ENTRA_BIND',
    bind: config.entraBind,
    tls: await stage.tls(),
  };
  const listeners = [plain, listenerOf(realm, secure, entraRoutes(realm, options, true))];
  return { name: 'entra', issuer, realm, place, listeners };
}
