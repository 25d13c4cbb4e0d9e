import { join } from 'node:path';
import { createExchange } from '../exchange/app.ts';
import { compatEnvironment } from '../exchange/compat/compat-environment.ts';
import { exchangeSettingsFor } from '../exchange/compat/compat-preset.ts';
import { exchangeEventsFor } from '../exchange/compat/compat-telemetry.ts';
import type { ExchangeConfig } from '../exchange/config.ts';
import type { generatePrivateJwk } from '../oauth/jwk.ts';
import { readSettings } from '../settings.ts';
import type { Closers } from './closers.ts';
import { PORTS, type ProviderEndpoints } from './endpoints.ts';
import { externalIdportenClients } from './external.ts';
import type { Ground } from './ground.ts';
import { listen } from './listening.ts';
import type { ProgramOptions } from './options.ts';
import { UpError } from './state-folder.ts';

/** TokenX of this machine, with its port open; its first key may be under way already. */
export async function startExchange(
  options: ProgramOptions,
  ground: Ground,
  closers: Closers,
  generate: typeof generatePrivateJwk,
): Promise<void> {
  const { registry, wrapper, replay, fetch, now, observer } = ground;
  const config = exchangeConfig(options, ground);
  const running = await listen(
    await createExchange(config, {
      registry,
      signingKeys: {
        store: registry.signingKeys,
        wrapper,
        generate,
        revocationsFile: join(options.stateDir, 'revocations.jsonl'),
      },
      replay,
      fetch,
      now,
      emit: ground.emitter('exchange', exchangeEventsFor(config)),
      metrics: () => observer.metrics(),
      auditReady: () => observer.auditReady(),
    }),
  );
  closers.add(() => running.close());
}

/** Its own address, and ID-porten as the issuer of the tokens that citizens sign in with. */
function exchangeConfig({ env, config, stateDir }: ProgramOptions, { endpoints, auditKey }: Ground): ExchangeConfig {
  const given = compatEnvironment({
    FULLMAKT_EXCHANGE_ISSUERS: JSON.stringify([idportenIssuer(endpoints.idporten, stateDir)]),
    FULLMAKT_EXCHANGE_BIND: `localhost:${PORTS.tokenx + config.portOffset}`,
    ...env,
    FULLMAKT_EXCHANGE_ISSUER: endpoints.tokenx.issuer,
    FULLMAKT_EXCHANGE_AUDIT_KEY: auditKey,
  });
  const result = readSettings(exchangeSettingsFor(given), given);
  if (!result.ok) throw new UpError(result.problems.join('\n'));
  return result.settings;
}

/** Only tokens issued to our own clients there count; levels become the names that TokenX tokens use. */
function idportenIssuer({ issuer, jwksUri, local }: ProviderEndpoints, stateDir: string): object {
  const external = externalIdportenClients(stateDir);
  return {
    name: 'idporten',
    issuer,
    jwksUri,
    bind: { clientId: local || external.length === 0 ? '@registry' : external },
    provider: 'idporten',
    map: 'idporten-acr',
  };
}
