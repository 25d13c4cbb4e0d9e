import { readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { CompatProblem, compatEnvironment } from '../exchange/compat/compat-environment.ts';
import { exchangeSettingsFor } from '../exchange/compat/compat-preset.ts';
import type { ExchangeConfig } from '../exchange/config.ts';
import type { OperatorSettings } from '../exchange/operators/operator-settings.ts';
import { type ServerConfig, serverSettings } from '../exchange/server-config.ts';
import { type Environment, readSettings, type SettingsTable } from '../settings.ts';
import { UpError } from '../up/state-folder.ts';
import type { ExchangeCommand } from './exchange-arguments.ts';

/** All settings of a token exchange server of its own. */
export interface ExchangeSettings {
  readonly exchange: ExchangeConfig;
  readonly server: ServerConfig;
  readonly warnings: readonly string[];
}

/**
 * The settings of `fullmakt exchange`: what the flags say, else the environment, else the defaults. Paths become absolute.
 * Throws UpError that names every setting which cannot be used, misspelt ones included.
 */
export function exchangeServerSettings(command: ExchangeCommand, env: Environment, cwd: string): ExchangeSettings {
  const workers = command.action === 'start' ? command.workers : undefined;
  const given = {
    ...translated(env),
    ...(command.dir === undefined ? {} : { FULLMAKT_EXCHANGE_STATE_DIR: command.dir }),
    ...(workers === undefined ? {} : { FULLMAKT_EXCHANGE_WORKERS: String(workers) }),
  };
  const table: SettingsTable<ExchangeConfig & ServerConfig> = { ...exchangeSettingsFor(given), ...serverSettings };
  const result = readSettings(table, given, { prefix: 'FULLMAKT_EXCHANGE_' });
  if (!result.ok) throw new UpError(result.problems.join('\n'));
  const { settings, warnings } = result;
  const server = absolute(settings, cwd);
  refuseTogether(server);
  return { exchange: settings, server, warnings };
}

/** The same for what needs the stores alone: the server's own settings may be missing. */
export function exchangeStoreSettings(command: ExchangeCommand, env: Environment, cwd: string): ServerConfig {
  const given = {
    ...translated(env),
    ...(command.dir === undefined ? {} : { FULLMAKT_EXCHANGE_STATE_DIR: command.dir }),
  };
  const result = readSettings(serverSettings, given);
  if (!result.ok) throw new UpError(result.problems.join('\n'));
  return absolute(result.settings, cwd);
}

/** Who may register clients here. Throws UpError. */
export function exchangeOperators(env: Environment): readonly OperatorSettings[] {
  const given = translated(env);
  const { operators } = exchangeSettingsFor(given);
  const result = readSettings({ operators }, given);
  if (!result.ok) throw new UpError(result.problems.join('\n'));
  return result.settings.operators;
}

/** With the variables of a tokendings server in our words, where its place is taken. */
function translated(env: Environment): Environment {
  try {
    return compatEnvironment(env);
  } catch (error) {
    if (error instanceof CompatProblem) throw new UpError(error.message, { cause: error });
    throw error;
  }
}

function absolute(settings: ServerConfig, cwd: string): ServerConfig {
  const { stateDir, auditFile, keyEncryptionKeysFile: keys } = settings;
  const at = (path: string): string => (isAbsolute(path) ? path : resolve(cwd, path));
  return {
    ...settings,
    stateDir: at(stateDir),
    ...(auditFile === undefined ? {} : { auditFile: at(auditFile) }),
    ...(keys === undefined ? {} : { keyEncryptionKeysFile: at(keys) }),
  };
}

function refuseTogether({ store, replayStore, workers, auditSink }: ServerConfig): void {
  const embedded = store === 'embedded';
  if (replayStore === 'memory' && workers > 1) {
    throw new UpError(
      'FULLMAKT_EXCHANGE_REPLAY_STORE=memory is for one process; with workers use embedded, or a server',
    );
  }
  if (auditSink === 'postgres' && embedded) {
    throw new UpError('FULLMAKT_EXCHANGE_AUDIT_SINK=postgres needs a PostgreSQL URL in FULLMAKT_EXCHANGE_STORE');
  }
}

const KEY_BYTES = 32;

/** The key-encryption keys that the settings name, the sealing one first; none where none is named. Throws UpError. */
export function keyEncryptionKeys(config: ServerConfig): readonly Buffer[] {
  const named = config.keyEncryptionKeys ?? [];
  const fromFile = config.keyEncryptionKeysFile === undefined ? [] : linesOf(config.keyEncryptionKeysFile);
  if (named.length > 0 && fromFile.length > 0) {
    throw new UpError('FULLMAKT_EXCHANGE_KEY_ENCRYPTION_KEYS and ..._FILE are both set: keep one');
  }
  return [...named, ...fromFile].map(keyFrom);
}

function linesOf(file: string): readonly string[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  } catch (cause) {
    throw new UpError(`the file of key-encryption keys cannot be read: ${String(cause)}`, { cause });
  }
}

function keyFrom(text: string, index: number): Buffer {
  const key = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64');
  if (key.length === KEY_BYTES) return key;
  throw new UpError(
    `key-encryption key ${index + 1} is not ${KEY_BYTES} bytes in base64 or hex: openssl rand -base64 32`,
  );
}
