import { describeSettings } from '../settings.ts';
import { sidecarSettings } from '../sidecar/config.ts';
import { sidecarServerSettings } from '../sidecar/server-config.ts';
import { settingLine } from './setting-line.ts';
import { sidecarFlag } from './sidecar-settings.ts';

const HEAD = `fullmakt sidecar: fetches, exchanges and judges tokens for one application beside it, over plain HTTP on loopback or a Unix socket

  fullmakt sidecar              start it; Ctrl-C or SIGTERM lets it finish what it began
      --<setting> <value>       any setting below; flags win over variables, variables over the file
      --config <file>           settings by the same names, as YAML or JSON
      --check                   judge the settings, print them with secrets masked, and do not start
      --json                    one JSON document on standard output once ready; the rest on standard error

With FULLMAKT_SIDECAR_SECRET_DIRS files in those folders win over all of this, and are read again when they change and on SIGHUP.
With FULLMAKT_SIDECAR_APPS_DIR one process serves every application that has a folder there: docs/sidecar-for-many-apps.md.

Each setting is a flag, a name in the file, and a variable: its name in capitals with _ for -, and FULLMAKT_SIDECAR_ before it
where docs/configuration.md says so. In round brackets are other variables that are read, in square ones the kind of value and
what holds without it. Flags can be seen by others on the machine: keys belong in variables or the file.

`;

const FOOT = `
Exit codes: 0 stopped or, with --check, usable; 1 a second signal cut the end short; 2 wrong usage; 4 could not start (a port or
the path of the socket is taken, or no such address is on this machine); 78 settings that cannot be used, all of them named. A
provider that is away does not keep it from starting.
`;

/** What `fullmakt sidecar --help` prints: made from the tables, so that no setting is missing. */
export function sidecarHelp(): string {
  const described = [...describeSettings(sidecarSettings), ...describeSettings(sidecarServerSettings)];
  const rows = described.map((row) => settingLine(sidecarFlag(row.env), row));
  return `${HEAD}${rows.join('\n')}\n${FOOT}`;
}
