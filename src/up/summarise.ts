import type { Idp } from '../idp/app.ts';
import type { People } from '../idp/people/people.ts';
import { splitAppId } from '../registry/app-id.ts';
import type { App } from '../registry/model.ts';
import type { Ground } from './ground.ts';
import type { ProgramOptions } from './options.ts';
import type { AppSummary, PersonSummary, Summary } from './summary.ts';

/** What was found when everything answered. */
export interface Findings {
  readonly apps: readonly App[];
  readonly idp: Idp;
  readonly stateOf: (app: App) => string;
}

/** The summary of a started `up`; its time is counted from the start of the process. */
export function summarise({ dir, stateDir }: ProgramOptions, ground: Ground, findings: Findings): Summary {
  const { tokenx, idporten, entra, maskinporten } = ground.endpoints;
  return {
    ready: true,
    seconds: performance.now() / 1000,
    pid: process.pid,
    dir,
    stateDir,
    caFile: ground.trust.caFile,
    services: { tokenx, idporten, entra, maskinporten },
    control: findings.idp.control,
    apps: findings.apps.map((app) => appSummary(app, ground, findings.stateOf(app))),
    people: findings.idp.people.all().map(personSummary),
  };
}

function appSummary(app: App, { places }: Ground, state: string): AppSummary {
  const { namespace, name } = splitAppId(app.id);
  const ports = places.ports(app.id);
  const [url] = places.ingresses(app.id, app.spec.ingresses);
  const { login } = app.spec;
  return {
    id: app.id,
    namespace,
    name,
    ...(login === undefined ? {} : { login: login.provider }),
    ...(login === undefined || url === undefined ? {} : { url }),
    app: `http://127.0.0.1:${ports.app}`,
    sidecar: `http://127.0.0.1:${ports.sidecar}`,
    state,
  };
}

function personSummary({ pid, given, family, employee }: ReturnType<People['all']>[number]): PersonSummary {
  return {
    pid,
    name: `${given} ${family}`,
    groups: employee?.groups ?? [],
    ...(employee === undefined ? {} : { employee: employee.NAVident ?? employee.preferredUsername }),
  };
}
