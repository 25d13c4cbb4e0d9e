import { readSettings } from '../../settings.ts';
import { compatEnvironment } from '../compat/compat-environment.ts';
import { exchangeSettingsFor } from '../compat/compat-preset.ts';
import type { ExchangeConfig } from '../config.ts';
import { ISSUER } from './world.ts';

/** The configuration that takes the place of a tokendings server; the issuers are the world's. */
export function compatConfig(env: Readonly<Record<string, string>> = {}): Partial<ExchangeConfig> {
  const all = { FULLMAKT_EXCHANGE_COMPAT: 'tokendings', ISSUER_URL: ISSUER, ...env };
  const read = readSettings(exchangeSettingsFor(all), compatEnvironment(all));
  if (!read.ok) throw new Error(read.problems.join('; '));
  const { issuers: _, ...config } = read.settings;
  return config;
}
