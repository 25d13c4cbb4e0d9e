import type { Environment } from '../settings.ts';
import { makeStateFolder } from '../up/state-folder.ts';
import type { ExchangeCommand } from './exchange-arguments.ts';
import { importClients } from './exchange-import.ts';
import { exchangeOperators, exchangeStoreSettings } from './exchange-settings.ts';
import { rewrap } from './exchange-rewrap.ts';
import { openRegistry, openWrapper } from './exchange-stores.ts';
import { describeIssuers, switchIssuer } from './exchange-issuers.ts';

type Maintenance = Exclude<ExchangeCommand, { readonly action: 'start' }>;

/**
 * The commands that change what a token exchange server keeps, while it runs or not: every process sees the change within two
 * seconds. Resolves with the text to print. Throws UpError, RegistryUnavailable.
 */
export async function maintainExchange(command: Maintenance, env: Environment, cwd: string): Promise<string> {
  const config = exchangeStoreSettings(command, env, cwd);
  makeStateFolder(config.stateDir);
  const registry = await openRegistry(config, () => Date.now() / 1000);
  try {
    switch (command.action) {
      case 'issuers':
        if (command.change !== undefined) await switchIssuer(registry, command.change);
        return describeIssuers(registry.snapshot(), command.json);
      case 'rewrap':
        return await rewrap(registry, openWrapper(config), command.json);
      case 'import':
        return await importClients(command, registry, { operators: exchangeOperators(env), cwd });
      default:
        return command satisfies never;
    }
  } finally {
    await registry.close();
  }
}
