/** The settings of the login proxy, as the environment names them. */
import type { ProviderKindName } from '../../providers/kinds.ts';
import type { SettingsTable } from '../../settings.ts';
import type { ClientSettings } from './client.ts';
import { clientTable } from './client.ts';
import type { ListeningSettings } from './listening.ts';
import { LISTENING_TABLE } from './listening.ts';
import type { SafetySettings } from './safety.ts';
import { SAFETY_TABLE } from './safety.ts';
import type { SessionSettings } from './sessions.ts';
import { SESSIONS_TABLE } from './sessions.ts';
import type { TelemetrySettings } from './telemetry.ts';
import { TELEMETRY_TABLE } from './telemetry.ts';

/** The settings as they are read. */
export type LoginSettings = ListeningSettings & ClientSettings & SessionSettings & SafetySettings & TelemetrySettings;

/** The table of these kinds of provider: only their platform variables are read. */
export function settingsOf(kinds: readonly ProviderKindName[]): SettingsTable<LoginSettings> {
  return { ...LISTENING_TABLE, ...clientTable(kinds), ...SESSIONS_TABLE, ...SAFETY_TABLE, ...TELEMETRY_TABLE };
}

/** Every setting with every name it can have: what the documentation shows. */
export const loginSettings: SettingsTable<LoginSettings> = settingsOf(['idporten', 'entra', 'openid']);
