import { loginSettings } from '../login/config.ts';

const WIDTH = 34;

const HEAD = `fullmakt login: signs browsers in, keeps their session, and puts their token on requests to the application behind it

  fullmakt login                start the proxy; Ctrl-C or SIGTERM lets it finish what it began
      --<setting> <value>       any setting below; flags win over variables, variables over the file
      --config <file>           settings by the same names, as YAML or JSON
      --check                   judge the settings, print them with secrets masked, and do not start
      --json                    one JSON document on standard output once ready; the rest on standard error

Each setting is a flag, a name in the file, and a variable: FULLMAKT_LOGIN_ and the name in capitals, . and - as _. Other
variables that are read stand behind it. Of several providers the first is openid.*; any other has the same settings as
provider.<name>.*, and provider.<name>.kind where its name is not idporten, entra or openid.

`;

const FOOT = `
Exit codes: 0 stopped or, with --check, usable; 2 wrong usage; 4 could not start (a port is taken, a file is damaged);
78 settings that cannot be used, all of them named. A provider or a store that is away does not keep it from starting.
`;

/** What `fullmakt login --help` prints: made from the table, so that no setting is missing. */
export function loginHelp(): string {
  const rows = Object.values(loginSettings).map((row) => {
    const { name = row.env, says, aliases = [] } = row;
    const also = aliases.length === 0 ? '' : `\n${' '.repeat(WIDTH + 4)}${aliases.join(', ')}`;
    return `  --${name.padEnd(WIDTH)}${says}${also}`;
  });
  return `${HEAD}${rows.join('\n')}\n${FOOT}`;
}
