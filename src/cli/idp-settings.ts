import { resolve } from 'node:path';
import { type IdpConfig, idpSettings } from '../idp/config.ts';
import { originsOf } from '../idp/origins.ts';
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
  const { settings } = result;
  const { clientsFile } = settings;
  return {
    ...settings,
    personas: [...new Set([...(command.only.length === 0 ? settings.personas : command.only), ...command.also])],
    stateDir: resolve(cwd, settings.stateDir),
    ...(clientsFile === undefined ? {} : { clientsFile: resolve(cwd, clientsFile) }),
  };
}

/**
 * Throws UpError when a port is left to the system that clients have to know: the control API's, or one that an issuer or origin is
 * made of.
 */
export function requirePorts(config: IdpConfig): void {
  const { host, port } = config.controlBind;
  const portless = Object.values(originsOf(config)).filter((origin) => /:0\/?$/.test(origin));
  if (port === 0) portless.push(`http://${host}:0 (the control API)`);
  if (portless.length === 0) return;
  throw new UpError(`${portless.join(', ')}: give it a port from 1 to 65535, or nobody could call it`);
}
