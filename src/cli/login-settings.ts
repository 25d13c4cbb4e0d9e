import { resolve } from 'node:path';
import type { LoginConfigResult } from '../login/config.ts';
import { readLoginConfig } from '../login/config.ts';
import { storeFile, storeKind } from '../login/settings/store-url.ts';
import type { Environment } from '../settings.ts';
import type { LoginCommand } from './login-arguments.ts';
import { readConfigFile } from './login-config-file.ts';
import { readKeysFile } from './login-keys.ts';
import { layered } from './login-layers.ts';

/** Settings with which a login proxy can start. */
export type LoginSetUp = Extract<LoginConfigResult, { ok: true }>;

/** Settings that cannot be used, every one of them named. */
class LoginMisconfigured extends Error {
  readonly exitCode: number = 78;
}

/**
 * The settings of `fullmakt login`: what the flags say, else the environment, else the file, else the defaults. Paths become absolute.
 * Throws an Error with exit code 78 that names everything that is wrong.
 */
export async function loginSetUp(command: LoginCommand, env: Environment, cwd: string): Promise<LoginSetUp> {
  const file = command.config === undefined ? {} : await readConfigFile(resolve(cwd, command.config));
  const { env: said, problems } = layered(command.flags, env, file);
  const read = readLoginConfig(said);
  const all = [...problems, ...(read.ok ? [] : read.problems)];
  if (!read.ok || all.length > 0) throw new LoginMisconfigured(all.join('\n'));
  const server = absolute(read.server, cwd);
  if (server.sessionKeysFile !== undefined) readKeysFile(server.sessionKeysFile);
  return { ...read, server };
}

function absolute(server: LoginSetUp['server'], cwd: string): LoginSetUp['server'] {
  const { store, sessionKeysFile, auditFile } = server;
  const path = (file: string | undefined): string | undefined => (file === undefined ? undefined : resolve(cwd, file));
  return {
    ...server,
    store: storeKind(store) === 'sqlite' ? `sqlite:${resolve(cwd, storeFile(store))}` : store,
    sessionKeysFile: path(sessionKeysFile),
    auditFile: path(auditFile),
  };
}
