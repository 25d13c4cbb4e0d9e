import { loginSettings } from '../login/config.ts';
import { describeSettings } from '../settings.ts';

const WIDTH = 34;
const TEXT_WIDTH = 90;

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

/** Words in lines of a screen's width, each below the first. */
function wrapped(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length >= TEXT_WIDTH) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join(`\n${' '.repeat(WIDTH + 4)}`);
}

/** What `fullmakt login --help` prints: made from the table, so that no setting is missing. */
export function loginHelp(): string {
  const described = describeSettings(loginSettings);
  const rows = Object.values(loginSettings).map(({ name }, at) => {
    const { env = '', says = '', aliases = [], kind = '', default: otherwise = 'none' } = described[at] ?? {};
    const also = aliases.length === 0 ? says : `${says} (${aliases.join(', ')})`;
    return `  --${(name ?? env).padEnd(WIDTH)}${wrapped(`${also} [${kind}; ${otherwise}]`)}`;
  });
  return `${HEAD}${rows.join('\n')}\n${FOOT}`;
}
