import { createIdp, type Idp } from '../idp/app.ts';
import { type IdpConfig, idpSettings } from '../idp/config.ts';
import { idpEvents } from '../idp/events.ts';
import { readSettings } from '../settings.ts';
import type { Closers } from './closers.ts';
import { PORTS } from './endpoints.ts';
import type { Ground } from './ground.ts';
import { listen } from './listening.ts';
import type { ProgramOptions } from './options.ts';
import { UpError } from './state-folder.ts';

/** The local providers, with ports open for those that no setting replaces by the real one. */
export async function startIdp(options: ProgramOptions, ground: Ground, closers: Closers): Promise<Idp> {
  const { registry, idp: store, fetch, now, endpoints } = ground;
  const emit = ground.emitter('idp', idpEvents);
  // Both would make the CA at a first start.
  await ground.trust.made;
  const idp = await createIdp(idpConfigOfUp(options), { registry, store, fetch, now, emit });
  const local: Readonly<Record<string, boolean>> = {
    'ID-porten': endpoints.idporten.local,
    'Entra ID': endpoints.entra.local,
    Graph: endpoints.entra.local,
    Maskinporten: endpoints.maskinporten.local,
  };
  const replaced = Object.keys(local).filter((service) => !local[service]);
  const listeners = idp.listeners.filter(({ name }) => !replaced.some((service) => name.startsWith(service)));
  const running = await listen({ ...idp, listeners });
  closers.add(() => running.close());
  return idp;
}

/** The settings of the providers inside `up`: every port moved by its offset, unless a variable says otherwise. Throws UpError. */
export function idpConfigOfUp({
  stateDir,
  config,
  env,
}: Pick<ProgramOptions, 'stateDir' | 'config' | 'env'>): IdpConfig {
  const at = (port: number): string => `localhost:${port + config.portOffset}`;
  const result = readSettings(idpSettings, {
    FULLMAKT_IDP_CONTROL_BIND: `127.0.0.1:${PORTS.control + config.portOffset}`,
    FULLMAKT_IDP_IDPORTEN_BIND: at(PORTS.idporten),
    FULLMAKT_IDP_IDPORTEN_LOGIN_BIND: at(PORTS.idportenLogin),
    FULLMAKT_IDP_ENTRA_BIND: at(PORTS.entra),
    FULLMAKT_IDP_ENTRA_HTTP_BIND: at(PORTS.entraHttp),
    FULLMAKT_IDP_GRAPH_BIND: at(PORTS.graph),
    FULLMAKT_IDP_MASKINPORTEN_BIND: at(PORTS.maskinporten),
    FULLMAKT_IDP_OPENID_BIND: at(PORTS.openid),
    FULLMAKT_IDP_OIDF_BASIC_BIND: at(PORTS.oidfBasic),
    FULLMAKT_IDP_OIDF_FAPI2_BIND: at(PORTS.oidfFapi2),
    FULLMAKT_IDP_OIDF_CC_BIND: at(PORTS.oidfCc),
    ...env,
    FULLMAKT_IDP_STATE_DIR: stateDir,
  });
  if (!result.ok) throw new UpError(result.problems.join('\n'));
  return result.settings;
}
