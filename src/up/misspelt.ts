import { exchangeSettings } from '../exchange/config.ts';
import { serverSettings } from '../exchange/server-config.ts';
import { idpSettings } from '../idp/config.ts';
import { registrarSettings } from '../registrar/config.ts';
import type { Environment } from '../settings.ts';
import { variablesOf } from '../settings.ts';
import { unknownVariables } from '../settings/unknown-variable.ts';
import { upSettings } from './settings.ts';

/**
 * What the environment of `up` seems to set and no program reads, one sentence each. Login proxies and sidecars have variables of
 * their own here: what the terminal says of theirs is not looked at.
 */
export function misspeltSettings(env: Environment): readonly string[] {
  const variables = Object.keys(env);
  const told = (prefix: string, names: readonly string[]): readonly string[] =>
    unknownVariables(variables, { prefix, names: new Set(names) });
  return [
    ...told('FULLMAKT_UP_', variablesOf(upSettings)),
    ...told('FULLMAKT_IDP_', variablesOf(idpSettings)),
    ...told('FULLMAKT_EXCHANGE_', [...variablesOf(exchangeSettings), ...variablesOf(serverSettings)]),
    ...told('FULLMAKT_REGISTRAR_', variablesOf(registrarSettings)),
  ];
}
