import { caHints, describeCaHints } from '../idp/keys/ca-hints.ts';
import type { ControlAddress } from '../idp/origins.ts';
import { alignColumns } from './table.ts';

/** What `up` has started, once ready: printed for people, or as JSON for scripts. */
export interface Summary {
  readonly ready: true;
  /** From the start of the process. */
  readonly seconds: number;
  readonly pid: number;
  readonly dir: string;
  readonly stateDir: string;
  readonly caFile?: string;
  readonly services: Readonly<Record<'tokenx' | 'idporten' | 'entra' | 'maskinporten', { readonly issuer: string }>>;
  /** The control API of the local providers, and the file that holds its bearer token. */
  readonly control: ControlAddress;
  readonly apps: readonly AppSummary[];
  readonly people: readonly PersonSummary[];
}

/** One app: where browsers reach it, where it listens itself, where its sidecar is. */
export interface AppSummary {
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly login?: string;
  readonly url?: string;
  readonly app: string;
  readonly sidecar: string;
  /** `running`, `no dev command`, or why it is not there: `not started: python3 not found`. */
  readonly state: string;
}

/** Somebody who can sign in; synthetic. */
export interface PersonSummary {
  readonly pid: string;
  readonly name: string;
  readonly employee?: string;
  readonly groups: readonly string[];
}

const LOGINS: Readonly<Record<string, string>> = {
  idporten: 'ID-porten',
  azure: 'Entra ID',
  openid: 'OpenID provider',
};

/** The table that a person reads. */
export function describeSummary(summary: Summary): string {
  const { services } = summary;
  return [
    `ready in ${summary.seconds.toFixed(2)} s  (manifests in ${summary.dir}, state in ${summary.stateDir})`,
    `\nApps\n${alignColumns(summary.apps.map(appRow))}`,
    `\nServices\n${alignColumns([
      ['ID-porten', services.idporten.issuer],
      ['Entra ID', services.entra.issuer],
      ['Maskinporten', services.maskinporten.issuer],
      ['TokenX', services.tokenx.issuer],
      [
        'control API',
        `${summary.control.url}  (clients, people, clock, faults; token in ${summary.control.tokenFile})`,
      ],
    ])}`,
    `  to believe https here: ${describeCaHints(caHints(summary.stateDir))}`,
    summary.people.length === 0 ? '' : `\nPeople who can sign in\n${alignColumns(summary.people.map(personRow))}`,
    `\nTry\n${suggestions(summary).join('\n')}`,
    '\nCtrl-C stops everything. Refusals are printed here, each with the manifest line that would allow it.\n',
  ]
    .filter(Boolean)
    .join('\n');
}

function appRow(app: AppSummary): readonly string[] {
  const way = app.login === undefined ? 'no login' : `login: ${LOGINS[app.login] ?? app.login}`;
  return [`${app.namespace}/${app.name}`, app.url ?? app.app, way, `sidecar ${app.sidecar}`, app.state];
}

function personRow(person: PersonSummary): readonly string[] {
  const groups =
    person.groups.length === 0 ? 'in no group' : `in ${person.groups.map((group) => `…${group.slice(-4)}`).join(', ')}`;
  return [
    person.pid,
    person.name,
    person.employee === undefined ? 'citizen' : `citizen; employee ${person.employee}, ${groups}`,
  ];
}

function suggestions(summary: Summary): readonly string[] {
  const withLogin = summary.apps.filter((app) => app.url !== undefined && app.state === 'running');
  const opened = withLogin
    .slice(0, 3)
    .map((app) => `  open ${app.url} and sign in (${LOGINS[app.login ?? ''] ?? app.login})`);
  const [first] = summary.apps;
  const run =
    first === undefined
      ? []
      : [`  fullmakt run ${first.namespace}/${first.name} -- <command>   any command with that app's environment`];
  return [...opened, ...run];
}
