import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { LoginConfigResult } from '../login/config.ts';
import { loginSettings, readLoginConfig } from '../login/config.ts';
import { variableOf } from '../login/settings/kinds.ts';
import { storeFile, storeKind } from '../login/settings/store-url.ts';
import type { Environment } from '../settings.ts';
import type { ServerCommand } from './server-arguments.ts';
import { jsonNames, readConfigFile } from './config-file.ts';
import { readKeysFile } from './login-keys.ts';
import { layered } from './login-layers.ts';
import { Misconfigured } from './misconfigured.ts';

/** Settings with which a login proxy can start. */
export type LoginSetUp = Extract<LoginConfigResult, { ok: true }>;

const TABLES: ReadonlySet<string> = jsonNames(loginSettings);

/**
 * The settings of `fullmakt login`: what the flags say, else the environment, else the file, else the defaults. Paths become absolute.
 * Throws an Error with exit code 78 that names everything that is wrong.
 */
export async function loginSetUp(command: ServerCommand, env: Environment, cwd: string): Promise<LoginSetUp> {
  const file = command.config === undefined ? {} : await readConfigFile(resolve(cwd, command.config), TABLES);
  const { env: said, problems } = layered(command.flags, env, file);
  const read = readLoginConfig(said);
  const all = [...problems, ...(read.ok ? [] : read.problems), ...keysProblems(read, said, cwd)];
  if (!read.ok || all.length > 0) throw new Misconfigured(all);
  return { ...read, server: absolute(read.server, cwd) };
}

/** What is wrong with the file of session keys: the one that is named, or the one that is kept beside an sqlite file. */
function keysProblems(read: LoginConfigResult, env: Environment, cwd: string): readonly string[] {
  const named = env[variableOf('session-keys-file')]?.trim() ?? '';
  const beside = read.ok && read.config.sessionKeys.length === 0 ? keptKey(read.server.store, cwd) : undefined;
  const file = named === '' ? beside : resolve(cwd, named);
  if (file === undefined) return [];
  try {
    readKeysFile(file);
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

/** The file of a key that is there already; one that is not is made at the start. */
function keptKey(store: string, cwd: string): string | undefined {
  const file = `${resolve(cwd, storeFile(store))}.key`;
  return storeKind(store) === 'sqlite' && existsSync(file) ? file : undefined;
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
