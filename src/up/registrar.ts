import { registrarSettings } from '../registrar/config.ts';
import { registrarEvents } from '../registrar/events.ts';
import type { Platform } from '../registrar/platform.ts';
import { createRegistrar, type Registrar } from '../registrar/registrar.ts';
import { readSettings } from '../settings.ts';
import type { Closers } from './closers.ts';
import { LOCAL_TENANT } from './endpoints.ts';
import type { Ground } from './ground.ts';
import type { ProgramOptions } from './options.ts';
import { UpError } from './state-folder.ts';

/** The registrar over the folder of manifests, after its first apply. */
export async function startRegistrar(options: ProgramOptions, ground: Ground, closers: Closers): Promise<Registrar> {
  const { registry, now, wrapper } = ground;
  const config = readSettings(registrarSettings, {
    FULLMAKT_REGISTRAR_CLUSTER: options.config.cluster,
    FULLMAKT_REGISTRAR_ENTRA_TENANT: tenantOf(ground),
    // Both ends are ours here, and such a key is made in a millisecond: the first start need not wait for more RSA.
    FULLMAKT_REGISTRAR_TOKENX_KEY_ALGORITHM: 'ES256',
    ...options.env,
    FULLMAKT_REGISTRAR_DIR: options.dir,
    FULLMAKT_REGISTRAR_STATE_DIR: options.stateDir,
  });
  if (!config.ok) throw new UpError(config.problems.join('\n'));
  const emit = ground.emitter('registrar', registrarEvents);
  const registrar = createRegistrar(config.settings, {
    registry,
    now,
    wrapper,
    emit,
    platform: platformOf(options, ground),
  });
  closers.add(() => registrar.close());
  await registrar.start();
  return registrar;
}

function platformOf({ config }: ProgramOptions, { places, endpoints, trust }: Ground): Platform {
  const { idporten, entra, maskinporten, tokenx } = endpoints;
  return {
    place: (app, declared) => {
      const ports = places.ports(app);
      return {
        ingresses: places.ingresses(app, declared),
        bindAddress: `127.0.0.1:${ports.app}`,
        port: ports.app,
        sidecarOrigin: `http://127.0.0.1:${ports.sidecar}`,
      };
    },
    urlOf: (app) => `http://127.0.0.1:${places.ports(app).app}`,
    endpoints: {
      idporten,
      maskinporten,
      tokenx,
      azure: (tenant) => ({
        issuer: entra.issuer.replace(tenantOf({ endpoints }), tenant),
        wellKnownUrl: entra.wellKnownUrl.replace(tenantOf({ endpoints }), tenant),
        jwksUri: entra.jwksUri.replace(tenantOf({ endpoints }), tenant),
        tokenEndpoint: entra.tokenEndpoint.replace(tenantOf({ endpoints }), tenant),
      }),
    },
    caFile: trust.caFile,
    allowLocalProviders: true,
    organisationOf: (namespace) => config.organisations[namespace] ?? config.organisation,
  };
}

/** The tenant in the issuer `<origin>/<tenant>/v2.0`. */
function tenantOf({ endpoints }: Pick<Ground, 'endpoints'>): string {
  return new URL(endpoints.entra.issuer).pathname.split('/')[1] ?? LOCAL_TENANT;
}
