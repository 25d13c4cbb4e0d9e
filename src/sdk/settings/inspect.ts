import type { Provider } from '../principal.ts';
import { isOn, issuerOf, missingOf } from './environment.ts';
import { SDK_VARIABLES } from './provider-variables.ts';
import type { Variables } from './provider-variables.ts';
import { readIssuersVariable } from './issuers-variable.ts';
import type { Options } from './options.ts';
import { readVariable } from './variables.ts';

type Env = NonNullable<Options['env']>;

/** One provider, what for, and which variables that lacks. */
interface Inspected {
  readonly provider: Provider;
  readonly use: 'validate' | 'acquire';
  readonly missing: readonly string[];
}

/** Set where there is a sidecar. */
const SIDECAR = 'NAIS_TOKEN_ENDPOINT';

/** What the environment enables and lacks; never throws. */
export function inspectEnv(env: Env = process.env): readonly Inspected[] {
  const named = SDK_VARIABLES.filter((variables) => isOn(env, variables)).flatMap((variables): readonly Inspected[] => {
    const { provider, acquire } = variables;
    const validate = { provider, use: 'validate', missing: missingOf(env, variables) } as const;
    if (acquire.length === 0) return [validate];
    return [validate, { provider, use: 'acquire', missing: missingToAcquire(env, variables) }];
  });
  const { issuers, halfSet } = readIssuersVariable(readVariable(env, 'FULLMAKT_ISSUERS'), []);
  const whole = issuers.map(({ provider }) => ({ provider, missing: [] }));
  return [...named, ...[...whole, ...halfSet].map((each): Inspected => ({ ...each, use: 'validate' }))];
}

/** By way of the sidecar where there is one; else what asking directly takes, to which the sidecar is the alternative. */
function missingToAcquire(env: Env, variables: Variables): readonly string[] {
  const { clientId, acquire, direct, wellKnownUrl, issuer } = variables;
  if (readVariable(env, SIDECAR) !== undefined) {
    return acquire.filter((name) => readVariable(env, name) === undefined);
  }
  const groups = [[clientId], [direct?.privateJwk], [direct?.tokenEndpoint, wellKnownUrl]];
  const sidecar = [...new Set([SIDECAR, ...acquire])].join(' and ');
  const missing = groups
    .filter((names) => names.every((name) => readVariable(env, name) === undefined))
    .map((names) => `${names.join(' or ')} or ${sidecar}`);
  return issuerOf(env, variables) === undefined ? [...missing, issuer] : missing;
}
