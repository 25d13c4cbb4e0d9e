import { resolve } from 'node:path';
import { type IdpConfig, idpSettings } from '../idp/config.ts';
import { type Environment, readSettings } from '../settings.ts';
import { UpError } from '../up/state-folder.ts';
import type { IdpCommand } from './idp-arguments.ts';

/**
 * The settings of `fullmakt idp`: what the flags say, else the environment, else the defaults. Paths become absolute. Throws
 * UpError that names every setting which cannot be used, misspelt ones included.
 */
export function idpConfig(command: IdpCommand, env: Environment, cwd: string): IdpConfig {
  const flags: Record<string, string | undefined> = {
    FULLMAKT_IDP_STATE_DIR: command.dir,
    FULLMAKT_IDP_CLIENTS_FILE: command.clients,
    FULLMAKT_IDP_ALLOW_NON_LOOPBACK: command.allowNonLoopback ? 'true' : undefined,
  };
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  const result = readSettings(idpSettings, { ...env, ...given }, { prefix: 'FULLMAKT_IDP_' });
  if (!result.ok) throw new UpError(result.problems.join('\n'));
  requirePorts(env);
  const { settings } = result;
  const { clientsFile } = settings;
  return {
    ...settings,
    personas: [...new Set([...(command.only.length === 0 ? settings.personas : command.only), ...command.also])],
    stateDir: resolve(cwd, settings.stateDir),
    ...(clientsFile === undefined ? {} : { clientsFile: resolve(cwd, clientsFile) }),
  };
}

/** The system may choose ports for tests inside one process; here clients have to know them, and issuers hold them. */
function requirePorts(env: Environment): void {
  const portless = Object.values(idpSettings).filter((setting) => /:0+$/.test(env[setting.env]?.trim() ?? ''));
  if (portless.length === 0) return;
  throw new UpError(
    portless
      .map(({ env: name }) => `${name} needs a port from 1 to 65535: issuers hold it, and clients call it`)
      .join('\n'),
  );
}
