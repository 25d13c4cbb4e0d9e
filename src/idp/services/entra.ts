import { entraPersona } from '../personas/entra.ts';
import { entraRoutes } from '../routes/entra.ts';
import { graphRoutes } from '../routes/graph.ts';
import { placeIn } from '../personas/entra-places.ts';
import type { Place } from '../place.ts';
import type { Realm } from '../persona.ts';
import type { Service, Stage } from '../stage.ts';
import { listenerOf } from '../stage.ts';
import { createTenants } from '../tenants.ts';
import type { ListenerSpec } from '../../web/serve.ts';

/** Entra ID over https, and its http alias; over http alone when its origin is http. Beside it Graph. */
export async function openEntra(stage: Stage): Promise<Service> {
  const { config, origins } = stage;
  const tenants = createTenants(config.entraTenants);
  const sessionState = config.entraSessionState;
  const options = { origin: origins.entra, graphOrigin: origins.graph, tenants, sessionState };
  const realm = await stage.makeRealm(entraPersona(options), { naming: 'thumbprint', algorithms: ['RS256'] });
  const place = (tenant = tenants.defaultTenant): Place => placeIn(origins.entra, tenant);
  const { issuer } = place();
  const plain = listenerOf(
    realm,
    { name: 'Entra ID (http)', setting: 'FULLMAKT_IDP_ENTRA_HTTP_BIND', bind: config.entraHttpBind },
    entraRoutes(realm, options, false),
  );
  const graph = await openGraph(stage, realm);
  if (!origins.entra.startsWith('https:')) return { name: 'entra', issuer, realm, place, listeners: [plain, graph] };
  const secure = {
    name: 'Entra ID',
    setting: 'FULLMAKT_IDP_ENTRA_BIND',
    bind: config.entraBind,
    tls: await stage.tls(),
  };
  const listeners = [plain, listenerOf(realm, secure, entraRoutes(realm, options, true)), graph];
  return { name: 'entra', issuer, realm, place, listeners };
}

/** Graph shares Entra ID's realm: it knows the tokens that were made for it. */
async function openGraph({ config, origins, tls }: Stage, realm: Realm): Promise<ListenerSpec> {
  const spec = { name: 'Graph', setting: 'FULLMAKT_IDP_GRAPH_BIND', bind: config.graphBind };
  const routes = graphRoutes(realm);
  return listenerOf(realm, origins.graph.startsWith('https:') ? { ...spec, tls: await tls() } : spec, routes);
}
