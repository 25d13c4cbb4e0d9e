/** The settings of the login proxy, as the environment names them. */
import type { ProviderKindName } from '../../providers/kinds.ts';
import type { SettingsTable } from '../../settings.ts';
import type { ClientSettings } from './client.ts';
import { clientTable } from './client.ts';
import type { ListeningSettings } from './listening.ts';
import { LISTENING_TABLE } from './listening.ts';
import type { RunningSettings } from './running.ts';
import { RUNNING_TABLE } from './running.ts';
import type { SafetySettings } from './safety.ts';
import { SAFETY_TABLE } from './safety.ts';
import type { SessionSettings } from './sessions.ts';
import { SESSIONS_TABLE } from './sessions.ts';
import type { SsoSettings } from './sso.ts';
import { SSO_TABLE } from './sso.ts';
import type { TelemetrySettings } from './telemetry.ts';
import { TELEMETRY_TABLE } from './telemetry.ts';

/** The settings as they are read; those of further providers have tables of their own. */
export type LoginSettings = ListeningSettings &
  ClientSettings &
  SessionSettings &
  SsoSettings &
  RunningSettings &
  SafetySettings &
  TelemetrySettings;

/** The table with these kinds for the first provider: only their platform variables are read. */
export function settingsOf(kinds: readonly ProviderKindName[]): SettingsTable<LoginSettings> {
  const { provider, ...running } = RUNNING_TABLE;
  return {
    ...LISTENING_TABLE,
    provider,
    ...clientTable({ prefix: 'openid', kinds }),
    ...SESSIONS_TABLE,
    ...SSO_TABLE,
    ...SAFETY_TABLE,
    ...running,
    ...TELEMETRY_TABLE,
  };
}

/** Every setting with every name it can have: what the documentation shows. */
export const loginSettings: SettingsTable<LoginSettings> = settingsOf(['idporten', 'entra', 'openid']);
