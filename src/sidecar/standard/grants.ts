import { GRANT } from '../../oauth/client-assertion.ts';
import type { Clock } from '../../oauth/time.ts';
import { exchangeForm, machineForm } from '../acquire/acquire.ts';
import type { Provider } from '../provider/provider.ts';

/** The grants a provider serves by (sidecar-sdk.md 3.3): what makes the requests is asked itself, and nothing is signed. */
export function grantsOf(provider: Provider, now: Clock): readonly string[] {
  const wanted = { provider: provider.settings.name, target: '', skipCache: false } as const;
  const machine = machineForm(provider, { ...wanted, resource: undefined, authorizationDetails: undefined }, now);
  const exchange = exchangeForm(provider, { ...wanted, userToken: '' }, now);
  return [
    ...(machine === undefined ? [] : [GRANT.clientCredentials]),
    ...(exchange === undefined ? [] : [GRANT.tokenExchange]),
  ];
}
