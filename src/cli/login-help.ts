import { loginSettings } from '../login/config.ts';
import { describeSettings } from '../settings.ts';
import { settingLine } from './setting-line.ts';

const HEAD = `fullmakt login: signs browsers in, keeps their session, and puts their token on requests to the application behind it

  fullmakt login                start the proxy; Ctrl-C or SIGTERM lets it finish what it began
      --<setting> <value>       any setting below; flags win over variables, variables over the file
      --config <file>           settings by the same names, as YAML or JSON
      --check                   judge the settings, print them with secrets masked, and do not start
      --json                    one JSON document on standard output once ready; the rest on standard error

Each setting is a flag, a name in the file, and a variable: FULLMAKT_LOGIN_ and the name in capitals, . and - as _. In round
brackets are other variables that are read, in square ones the kind of value and what holds without it. Of several providers
the first is openid.*; any other has the same settings as provider.<name>.*, and provider.<name>.kind where its name is not
idporten, entra or openid.

`;

const FOOT = `
Exit codes: 0 stopped or, with --check, usable; 1 a second signal cut the end short; 2 wrong usage; 4 could not start (a port
is taken, an sqlite file cannot be opened); 78 settings that cannot be used, all of them named. A provider, Valkey or Redis
that is away does not keep it from starting.
`;

/** What `fullmakt login --help` prints: made from the table, so that no setting is missing. */
export function loginHelp(): string {
  const described = describeSettings(loginSettings);
  const rows = Object.values(loginSettings).map(({ name }, at) => settingLine(name, described[at]));
  return `${HEAD}${rows.join('\n')}\n${FOOT}`;
}
