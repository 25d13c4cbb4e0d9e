import { exchangeSettings, type ExchangeConfig } from '../exchange/config.ts';
import { type Environment, readSettings } from '../settings.ts';
import type { Endpoints, ProviderEndpoints } from './endpoints.ts';
import { PORTS } from './endpoints.ts';
import { UpError } from './state-folder.ts';

/** TokenX of this machine: its own address, and ID-porten as the issuer of the tokens that citizens sign in with. */
export function exchangeConfig(
  endpoints: Endpoints,
  portOffset: number,
  auditKey: string,
  env: Environment,
): ExchangeConfig {
  const result = readSettings(exchangeSettings, {
    FULLMAKT_EXCHANGE_ISSUERS: JSON.stringify([idportenIssuer(endpoints.idporten)]),
    FULLMAKT_EXCHANGE_BIND: `localhost:${PORTS.tokenx + portOffset}`,
    ...env,
    FULLMAKT_EXCHANGE_ISSUER: endpoints.tokenx.issuer,
    FULLMAKT_EXCHANGE_AUDIT_KEY: auditKey,
  });
  if (!result.ok) throw new UpError(result.problems.join('\n'));
  return result.settings;
}

/** Only tokens issued to our own clients there count; levels become the names that TokenX tokens use. */
function idportenIssuer({ issuer, jwksUri }: ProviderEndpoints): object {
  return {
    name: 'idporten',
    issuer,
    jwksUri,
    bind: { clientId: '@registry' },
    provider: 'idporten',
    map: 'idporten-acr',
  };
}
