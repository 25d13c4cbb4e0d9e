import type { KeyRow } from '../registry/key-row.ts';
import type { KeyWrapper } from '../registry/key-wrapper.ts';
import type { App, Snapshot } from '../registry/model.ts';
import { privatePart } from './keys.ts';
import { loginVariables } from './login-variables.ts';
import type { Platform } from './platform.ts';
import {
  azureVariables,
  commonVariables,
  idportenVariables,
  maskinportenVariables,
  tokenxVariables,
} from './variables.ts';
import type { VariableSource, Variables } from './variables.ts';

/** The variables of one app, by who reads them. */
export interface AppEnvironment {
  /** The application: without private parts unless its identity mode says so. */
  readonly app: Readonly<Record<string, string>>;
  /** The sidecar, which signs for it. */
  readonly sidecar: Readonly<Record<string, string>>;
  /** The login proxy; empty for an app without a login. */
  readonly login: Readonly<Record<string, string>>;
  /** What is mounted under `nais.io/`: the app's variables by provider. */
  readonly mounts: Readonly<Record<'azure' | 'jwker' | 'maskinporten' | 'idporten', Readonly<Record<string, string>>>>;
}

/** What environments are built with. */
export interface EnvironmentParts {
  readonly platform: Platform;
  readonly wrapper: KeyWrapper;
  readonly entraTenant: string;
}

const SIDECAR_NAMES =
  /^(NAIS_CLIENT_ID|NAIS_APP_NAME|NAIS_NAMESPACE|NAIS_CLUSTER_NAME|FULLMAKT_ALLOW_LOCAL_PROVIDERS|NODE_EXTRA_CA_CERTS)$/;

/** The environment contract for one app (manifest.md section 9). Throws an Error when a private part cannot be opened. */
export function environmentFor(
  app: App,
  keys: readonly KeyRow[],
  snapshot: Snapshot,
  { platform, wrapper, entraTenant }: EnvironmentParts,
): AppEnvironment {
  const source: VariableSource = {
    app,
    place: platform.place(app.id, app.spec.ingresses),
    platform,
    snapshot,
    entraTenant,
    credential(provider, kind, state) {
      const key = keys.find((each) => each.provider === provider && each.kind === kind && each.state === state);
      const value = key === undefined ? undefined : privatePart(key, wrapper);
      return key === undefined || value === undefined ? undefined : { kid: key.kid, value };
    },
  };
  return assemble(source, {
    azure: azureVariables(source),
    jwker: tokenxVariables(source),
    maskinporten: maskinportenVariables(source),
    idporten: idportenVariables(source),
  });
}

type Clients = Readonly<Record<'azure' | 'jwker' | 'maskinporten' | 'idporten', Variables>>;

function assemble(source: VariableSource, clients: Clients): AppEnvironment {
  const common = commonVariables(source);
  const withKeys = source.app.spec.identity.mode !== 'workload';
  const forApp = ({ open, secret, next }: Variables): Readonly<Record<string, string>> => ({
    ...open,
    ...(withKeys ? { ...secret, ...next } : {}),
  });
  const { azure, jwker, maskinporten, idporten } = clients;
  const mounts = {
    azure: forApp(azure),
    jwker: forApp(jwker),
    maskinporten: forApp(maskinporten),
    idporten: forApp(idporten),
  };
  const switches = { AZURE: azure, TOKEN_X: jwker, MASKINPORTEN: maskinporten, IDPORTEN: idporten };
  const enabled = Object.entries(switches)
    .filter(([, { open }]) => Object.keys(open).length > 0)
    .map(([name]) => [`${name}_ENABLED`, 'true']);
  const identity = Object.entries(common.open).filter(([name]) => SIDECAR_NAMES.test(name));
  return {
    app: { ...common.open, ...mounts.azure, ...mounts.jwker, ...mounts.maskinporten, ...mounts.idporten },
    sidecar: Object.assign(
      {},
      Object.fromEntries([...identity, ...enabled]),
      ...Object.values(clients).flatMap(({ open, secret }) => [open, secret]),
    ),
    login: loginVariables(source, azure),
    mounts,
  };
}
