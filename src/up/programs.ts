import { createExchange } from '../exchange/app.ts';
import { exchangeEvents } from '../exchange/events.ts';
import { createIdp, type Idp } from '../idp/app.ts';
import { type IdpConfig, idpSettings } from '../idp/config.ts';
import { idpEvents } from '../idp/events.ts';
import type { App } from '../registry/model.ts';
import type { Registrar } from '../registrar/registrar.ts';
import { type Environment, readSettings } from '../settings.ts';
import type { Closers } from './closers.ts';
import { PORTS } from './endpoints.ts';
import { exchangeConfig } from './exchange-config.ts';
import type { Ground } from './ground.ts';
import { listen } from './listening.ts';
import { startRegistrar } from './registrar.ts';
import type { UpConfig } from './settings.ts';
import { UpError } from './state-folder.ts';
import type { AppSummary, Summary } from './summary.ts';

/** What to start them with. */
export interface ProgramOptions {
  readonly dir: string;
  readonly stateDir: string;
  readonly env: Environment;
  readonly config: UpConfig;
}

/** The programs that all apps share, with their ports open. */
export interface Programs {
  readonly registrar: Registrar;
  summary(apps: readonly App[], stateOf: (app: App) => string): Summary;
}

/** Starts registrar and TokenX, and beside them the local providers: each makes keys at its first start. */
export async function startPrograms(options: ProgramOptions, ground: Ground, closers: Closers): Promise<Programs> {
  const [registrar, idp] = await all([
    // TokenX makes one key for every algorithm that an audience asks for, so it has to know the audiences.
    startRegistrar(options, ground, closers).then(async (started) => {
      await startExchange(options, ground, closers);
      return started;
    }),
    startIdp(options, ground, closers),
  ]);
  return { registrar, summary: (apps, stateOf) => summarise(options, ground, idp, apps, stateOf) };
}

/** Like Promise.all, but a failure waits for the others, so that what they opened can be closed. */
async function all<A, B>([one, other]: readonly [Promise<A>, Promise<B>]): Promise<readonly [A, B]> {
  await Promise.allSettled([one, other]);
  return [await one, await other];
}

async function startExchange({ config, env }: ProgramOptions, ground: Ground, closers: Closers): Promise<void> {
  const { registry, wrapper, replay, fetch, now, observer } = ground;
  const settings = exchangeConfig(ground.endpoints, config.portOffset, ground.auditKey, env);
  const running = await listen(
    await createExchange(settings, {
      registry,
      signingKeys: { store: registry.signingKeys, wrapper },
      replay,
      fetch,
      now,
      emit: ground.emitter('exchange', exchangeEvents),
      metrics: () => observer.metrics(),
      auditReady: () => observer.auditReady(),
    }),
  );
  closers.add(() => running.close());
}

async function startIdp(options: ProgramOptions, ground: Ground, closers: Closers): Promise<Idp> {
  const { registry, idp: store, fetch, now, endpoints } = ground;
  const idp = await createIdp(idpConfig(options), {
    registry,
    store,
    fetch,
    now,
    emit: ground.emitter('idp', idpEvents),
  });
  const local: Readonly<Record<string, boolean>> = {
    'ID-porten': endpoints.idporten.local,
    'Entra ID': endpoints.entra.local,
    Maskinporten: endpoints.maskinporten.local,
  };
  const wanted = idp.listeners.filter(({ name }) =>
    Object.entries(local).some(([service, here]) => here && name.includes(service)),
  );
  const running = await listen({ ...idp, listeners: wanted });
  closers.add(() => running.close());
  return idp;
}

function idpConfig({ stateDir, config, env }: ProgramOptions): IdpConfig {
  const at = (port: number): string => `localhost:${port + config.portOffset}`;
  const result = readSettings(idpSettings, {
    FULLMAKT_IDP_IDPORTEN_BIND: at(PORTS.idporten),
    FULLMAKT_IDP_IDPORTEN_LOGIN_BIND: at(PORTS.idportenLogin),
    FULLMAKT_IDP_ENTRA_BIND: at(PORTS.entra),
    FULLMAKT_IDP_ENTRA_HTTP_BIND: at(PORTS.entraHttp),
    FULLMAKT_IDP_MASKINPORTEN_BIND: at(PORTS.maskinporten),
    ...env,
    FULLMAKT_IDP_STATE_DIR: stateDir,
  });
  if (!result.ok) throw new UpError(result.problems.join('\n'));
  return result.settings;
}

function summarise(
  { dir, stateDir }: ProgramOptions,
  { endpoints, ca, places }: Ground,
  idp: Idp,
  apps: readonly App[],
  stateOf: (app: App) => string,
): Summary {
  const { tokenx, idporten, entra, maskinporten } = endpoints;
  const describe = (app: App): AppSummary => {
    const [, namespace = '', name = ''] = app.id.split(':');
    const ports = places.ports(app.id);
    const [url] = places.ingresses(app.id, app.spec.ingresses);
    return {
      id: app.id,
      namespace,
      name,
      ...(app.spec.login === undefined
        ? {}
        : { login: app.spec.login.provider, ...(url === undefined ? {} : { url }) }),
      app: `http://127.0.0.1:${ports.app}`,
      sidecar: `http://127.0.0.1:${ports.sidecar}`,
      state: stateOf(app),
    };
  };
  return {
    ready: true,
    seconds: performance.now() / 1000,
    pid: process.pid,
    dir,
    stateDir,
    caFile: ca.caFile,
    services: { tokenx, idporten, entra, maskinporten },
    apps: apps.map(describe),
    people: idp.people.all().map(({ pid, given, family, employee }) => ({
      pid,
      name: `${given} ${family}`,
      groups: employee?.groups ?? [],
      ...(employee === undefined ? {} : { employee: employee.NAVident ?? employee.preferredUsername }),
    })),
  };
}
