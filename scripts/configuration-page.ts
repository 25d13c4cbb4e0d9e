import { exchangeSettings } from '../src/exchange/config.ts';
import { serverSettings } from '../src/exchange/server-config.ts';
import { idpSettings } from '../src/idp/config.ts';
import { loginSettings } from '../src/login/config.ts';
import { registrarSettings } from '../src/registrar/config.ts';
import { describeSettings, type SettingsTable } from '../src/settings.ts';
import { sidecarSettings } from '../src/sidecar/config.ts';
import { sidecarServerSettings } from '../src/sidecar/server-config.ts';
import { upSettings } from '../src/up/settings.ts';

/** docs/configuration.md, generated from the settings tables. */
export function configurationPage(): string {
  return [
    '# Configuration',
    '',
    '<!-- Generated from the settings tables by `npm run docs`; a test fails when it is stale. -->',
    '',
    'Every program is configured by environment variables. An empty value counts as absent. Durations are written `90` (seconds),',
    '`10h`, `1h30m`, `500ms`; lists are separated by commas; JSON is on one line. All problems are reported at once, each naming',
    'its variable. A person at a laptop needs none of them: `fullmakt up` configures every program from the manifests.',
    '',
    'What begins with the prefix of a program and is none of its variables stops it, and the nearest name is told; `fullmakt up` tells it',
    'and goes on.',
    '',
    section('`fullmakt up`', 'Also read from `<dir>/fullmakt.env`; the environment wins.', upSettings),
    section(
      'Login proxy',
      'One per app that declares a login; `fullmakt up` sets these from its manifest. For `fullmakt login` each is a flag and a name in a file too: `FULLMAKT_LOGIN_OPENID_CLIENT_ID` is `--openid.client-id` (`fullmakt login --help`).',
      loginSettings,
    ),
    section('TokenX', 'The token exchange server, inside `fullmakt up` and alone.', exchangeSettings),
    section(
      'TokenX alone',
      'Besides these: where `fullmakt exchange` keeps things, and how many processes it is.',
      serverSettings,
    ),
    section(
      'Sidecar',
      'Reads the environment contract of its app; the registrar writes it. For `fullmakt sidecar` each is a flag and a name in a file too: `FULLMAKT_SIDECAR_SOCKET` is `--socket`, `AZURE_ENABLED` is `--azure-enabled` (`fullmakt sidecar --help`).',
      sidecarSettings,
    ),
    section('Sidecar alone', 'Besides these: what the process of `fullmakt sidecar` is told.', sidecarServerSettings),
    section('Registrar', 'Reads the folder of manifests.', registrarSettings),
    section('Local identity providers', 'ID-porten, Entra ID and Maskinporten for development.', idpSettings),
  ].join('\n');
}

function section<T>(title: string, says: string, table: SettingsTable<T>): string {
  const rows = describeSettings(table).map((row) => {
    const aliases = row.aliases.length === 0 ? '' : ` (also ${row.aliases.map((alias) => `\`${alias}\``).join(', ')})`;
    const secret = row.secret ? ' Secret.' : '';
    return `| \`${row.env}\`${aliases} | ${cell(row.kind)} | ${cell(row.default)} | ${cell(row.says)}${secret} |`;
  });
  return [
    `## ${title}`,
    '',
    says,
    '',
    '| variable | kind | default | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
