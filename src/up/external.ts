import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { AppId } from '../registry/app-id.ts';
import { splitAppId } from '../registry/app-id.ts';

/** An app's credentials at real providers, as its owner put them into the state folder; empty where there are none. */
export function readExternal(stateDir: string, app: AppId): Record<string, string> {
  const { namespace, name } = splitAppId(app);
  return readEnvFile(join(stateDir, 'external', namespace, `${name}.env`));
}

/** Our client ids at the real ID-porten: tokens issued to these are ours to exchange. */
export function externalIdportenClients(stateDir: string): readonly string[] {
  const files = globSync('external/*/*.env', { cwd: stateDir });
  return files.flatMap((file) => readEnvFile(join(stateDir, file))['IDPORTEN_CLIENT_ID'] ?? []);
}

/** The variables of a file of lines NAME=value; empty when there is no such file. */
export function readEnvFile(file: string): Record<string, string> {
  try {
    const entries = Object.entries(parseEnv(readFileSync(file, 'utf8')));
    return Object.fromEntries(entries.map(([name, value]) => [name, value ?? '']));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
}
