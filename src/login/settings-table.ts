/** The settings of the login proxy, as the environment names them. */
import type { ProviderKindName } from '../providers/kinds.ts';
import type { SettingsTable } from '../settings.ts';
import type { ClientSettings } from './settings-client.ts';
import { clientTable } from './settings-client.ts';
import type { ListeningSettings } from './settings-listening.ts';
import { LISTENING_TABLE } from './settings-listening.ts';
import type { SafetySettings } from './settings-safety.ts';
import { SAFETY_TABLE } from './settings-safety.ts';
import type { SessionSettings } from './settings-sessions.ts';
import { SESSIONS_TABLE } from './settings-sessions.ts';

/** The settings as they are read. */
export type LoginSettings = ListeningSettings & ClientSettings & SessionSettings & SafetySettings;

/** The table of these kinds of provider: only their platform variables are read. */
export function settingsOf(kinds: readonly ProviderKindName[]): SettingsTable<LoginSettings> {
  return { ...LISTENING_TABLE, ...clientTable(kinds), ...SESSIONS_TABLE, ...SAFETY_TABLE };
}

/** Every setting with every name it can have: what the documentation shows. */
export const loginSettings: SettingsTable<LoginSettings> = settingsOf(['idporten', 'entra', 'openid']);
