/** The configuration of the login proxy: settings put together and judged as a whole. */
import type { Environment } from '../settings.ts';
import type { LoginConfig, LoginServer } from './configuration.ts';
import { assemble } from './settings/assemble.ts';
import { effectiveSettings } from './settings/effective.ts';
import { readLoginSettings } from './settings/read.ts';
import { warningsOf } from './settings/warnings.ts';

export type { LoginConfig, LoginServer, ProviderConfig } from './configuration.ts';
export { loginSettings } from './settings/table.ts';
export type { UpstreamRoute } from './settings/upstreams.ts';

/** A configuration, or everything that is wrong with it. */
export type LoginConfigResult =
  | {
      readonly ok: true;
      readonly config: LoginConfig;
      readonly server: LoginServer;
      /** Every setting by its name, with nothing secret in it. */
      readonly effective: Readonly<Record<string, unknown>>;
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads the environment: a configuration, or all problems at once. */
export function readLoginConfig(env: Environment): LoginConfigResult {
  const read = readLoginSettings(env);
  if (!read.ok) return read;
  const { settings } = read.good;
  const assembled = assemble(read.good, env);
  if (assembled === undefined) return { ok: false, problems: ['a login proxy needs a provider and an address'] };
  return {
    ok: true,
    config: assembled,
    server: {
      store: settings.store,
      storeIdleSeconds: settings.storeIdleTimeout === 0 ? undefined : settings.storeIdleTimeout,
      sessionKeysFile: settings.sessionKeysFile,
      logLevel: settings.logLevel,
      logFormat: settings.logFormat,
      auditFile: settings.auditFile,
    },
    effective: effectiveSettings(read.good),
    warnings: [...read.good.warnings, ...warningsOf(read.good)],
  };
}
