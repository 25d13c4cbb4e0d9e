/** The settings in force, as they may be printed at start: secrets and credentials of URLs masked. Pure. */
import type { SettingsTable } from '../../settings.ts';
import { redactSettings } from '../../settings.ts';
import type { ClientSettings } from './client.ts';
import { clientTable } from './client.ts';
import type { GoodSettings } from './read.ts';
import type { LoginSettings } from './table.ts';
import { loginSettings } from './table.ts';

function byName<T extends object>(table: SettingsTable<T>, settings: T): readonly (readonly [string, unknown])[] {
  const names = new Map<string, string>();
  for (const [member, row] of Object.entries<{ readonly name?: string }>(table)) names.set(member, row.name ?? member);
  return Object.entries(redactSettings(table, settings)).map(([member, value]) => [names.get(member) ?? member, value]);
}

/** Every setting by its name, those of further providers too. */
export function effectiveSettings({ settings, providers }: GoodSettings): Readonly<Record<string, unknown>> {
  const shown = {
    ...loginSettings,
    // Its address is worth reading; what gets one in is masked as in any URL.
    store: { ...loginSettings.store, secret: false },
  } satisfies SettingsTable<LoginSettings>;
  const others = providers
    .filter(({ named }) => named.prefix !== 'openid')
    .flatMap(({ named, settings: own }) => byName<ClientSettings>(clientTable(named), own));
  return {
    ...Object.fromEntries([...byName(shown, settings), ...others]),
    ingress: settings.ingress.map(({ url }) => url),
  };
}
