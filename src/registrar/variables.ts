import { splitAppId } from '../registry/app-id.ts';
import type { KeyRow } from '../registry/key-row.ts';
import type { App, ClientProvider, Snapshot } from '../registry/model.ts';
import type { AppPlace, Platform } from './platform.ts';

/** Variables of the environment contract; private ones are kept apart. */
export interface Variables {
  readonly open: Readonly<Record<string, string>>;
  readonly secret: Readonly<Record<string, string>>;
  /** The credentials that come after these: for apps that hold their own, of no use to the programs beside them. */
  readonly next?: Readonly<Record<string, string>>;
}

/** What the variables of one app are made from. */
export interface VariableSource {
  readonly app: App;
  readonly place: AppPlace;
  readonly platform: Platform;
  readonly snapshot: Snapshot;
  readonly entraTenant: string;
  /** The private part of the app's key in a state, if it has one. */
  credential(provider: ClientProvider, kind: KeyRow['kind'], state: 'current' | 'next'): Credential | undefined;
}

/** A key with its private part open. */
interface Credential {
  readonly kid: string;
  readonly value: string;
}

/** What every app has, whatever clients it is. */
export function commonVariables({ app, place, platform, snapshot }: VariableSource): Variables {
  const { cluster, namespace, name } = splitAppId(app.id);
  const hasClient = (['tokenx', 'azure', 'idporten', 'maskinporten'] as const).some(
    (provider) => snapshot.clientOf(app.id, provider) !== undefined,
  );
  const token = `${place.sidecarOrigin}/api/v1/token`;
  const open = {
    PORT: String(place.port),
    BIND_ADDRESS: place.bindAddress,
    NAIS_APP_NAME: name,
    NAIS_NAMESPACE: namespace,
    NAIS_CLUSTER_NAME: cluster,
    NAIS_CLIENT_ID: app.id,
    NAIS_POD_NAME: name,
    ...(app.spec.image === undefined ? {} : { NAIS_APP_IMAGE: app.spec.image }),
    ...(hasClient
      ? {
          NAIS_TOKEN_ENDPOINT: token,
          NAIS_TOKEN_EXCHANGE_ENDPOINT: `${token}/exchange`,
          NAIS_TOKEN_INTROSPECTION_ENDPOINT: `${place.sidecarOrigin}/api/v1/introspect`,
        }
      : {}),
    ...neighbours(app, snapshot, platform.urlOf),
    ...(platform.allowLocalProviders ? { FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'true' } : {}),
    ...(platform.caFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: platform.caFile }),
  };
  return { open, secret: {} };
}

/** FULLMAKT_OUTBOUND_URLS: where the apps of the outbound rules answer. */
function neighbours(app: App, snapshot: Snapshot, urlOf: Platform['urlOf']): Record<string, string> {
  if (urlOf === undefined) return {};
  const targets = app.spec.outbound
    .map((rule) => snapshot.app(`${rule.cluster}:${rule.namespace}:${rule.application}`)?.id)
    .filter((target) => target !== undefined);
  if (targets.length === 0) return {};
  return {
    FULLMAKT_OUTBOUND_URLS: JSON.stringify(Object.fromEntries(targets.map((target) => [target, urlOf(target)]))),
  };
}

/** TokenX. */
export function tokenxVariables(source: VariableSource): Variables {
  const { app, platform, snapshot } = source;
  if (snapshot.clientOf(app.id, 'tokenx') === undefined) return NONE;
  const { wellKnownUrl, issuer, jwksUri, tokenEndpoint } = platform.endpoints.tokenx;
  return {
    open: {
      TOKEN_X_CLIENT_ID: app.id,
      TOKEN_X_WELL_KNOWN_URL: wellKnownUrl,
      TOKEN_X_ISSUER: issuer,
      TOKEN_X_JWKS_URI: jwksUri,
      TOKEN_X_TOKEN_ENDPOINT: tokenEndpoint,
      FULLMAKT_INBOUND_APPS: JSON.stringify(inboundApps(app, snapshot)),
    },
    secret: named('TOKEN_X_PRIVATE_JWK', source.credential('tokenx', 'jwk', 'current')),
  };
}

/** Entra ID. */
export function azureVariables(source: VariableSource): Variables {
  const client = source.snapshot.clientOf(source.app.id, 'azure');
  const tenant = source.app.spec.azure?.tenant ?? source.entraTenant;
  const endpoints = source.platform.endpoints.azure?.(tenant);
  if (client === undefined || endpoints === undefined) return NONE;
  const [key, nextKey] = [source.credential('azure', 'jwk', 'current'), source.credential('azure', 'jwk', 'next')];
  const password = source.credential('azure', 'password', 'current');
  const nextPassword = source.credential('azure', 'password', 'next');
  return {
    open: {
      AZURE_APP_CLIENT_ID: client.clientId,
      AZURE_APP_TENANT_ID: tenant,
      AZURE_APP_WELL_KNOWN_URL: endpoints.wellKnownUrl,
      AZURE_APP_PRE_AUTHORIZED_APPS: JSON.stringify(preAuthorized(source.app, source.snapshot)),
      AZURE_OPENID_CONFIG_ISSUER: endpoints.issuer,
      AZURE_OPENID_CONFIG_JWKS_URI: endpoints.jwksUri,
      AZURE_OPENID_CONFIG_TOKEN_ENDPOINT: endpoints.tokenEndpoint,
    },
    secret: {
      ...named('AZURE_APP_JWK', key),
      ...(key === undefined
        ? {}
        : { AZURE_APP_JWKS: `{"keys":[${key.value}]}`, AZURE_APP_CERTIFICATE_KEY_ID: key.kid }),
      ...named('AZURE_APP_CLIENT_SECRET', password),
      ...(password === undefined ? {} : { AZURE_APP_PASSWORD_KEY_ID: password.kid }),
    },
    next: {
      ...named('AZURE_APP_NEXT_JWK', nextKey),
      ...(nextKey === undefined ? {} : { AZURE_APP_NEXT_CERTIFICATE_KEY_ID: nextKey.kid }),
      ...named('AZURE_APP_NEXT_CLIENT_SECRET', nextPassword),
      ...(nextPassword === undefined ? {} : { AZURE_APP_NEXT_PASSWORD_KEY_ID: nextPassword.kid }),
    },
  };
}

/** Maskinporten. */
export function maskinportenVariables(source: VariableSource): Variables {
  const client = source.snapshot.clientOf(source.app.id, 'maskinporten');
  const endpoints = source.platform.endpoints.maskinporten;
  if (client?.registration.provider !== 'maskinporten' || endpoints === undefined) return NONE;
  return {
    open: {
      MASKINPORTEN_CLIENT_ID: client.clientId,
      MASKINPORTEN_SCOPES: client.registration.scopes.join(' '),
      MASKINPORTEN_WELL_KNOWN_URL: endpoints.wellKnownUrl,
      MASKINPORTEN_ISSUER: endpoints.issuer,
      MASKINPORTEN_JWKS_URI: endpoints.jwksUri,
      MASKINPORTEN_TOKEN_ENDPOINT: endpoints.tokenEndpoint,
    },
    secret: named('MASKINPORTEN_CLIENT_JWK', source.credential('maskinporten', 'jwk', 'current')),
  };
}

/** ID-porten as an app that validates tokens sees it. */
export function idportenVariables(source: VariableSource): Variables {
  const { app, place, snapshot } = source;
  const endpoints = source.platform.endpoints.idporten;
  if (snapshot.clientOf(app.id, 'idporten') === undefined || endpoints === undefined) return NONE;
  const [audience] = place.ingresses;
  return {
    open: {
      ...(audience === undefined ? {} : { IDPORTEN_AUDIENCE: audience }),
      IDPORTEN_WELL_KNOWN_URL: endpoints.wellKnownUrl,
      IDPORTEN_ISSUER: endpoints.issuer,
      IDPORTEN_JWKS_URI: endpoints.jwksUri,
    },
    secret: {},
  };
}

const NONE: Variables = { open: {}, secret: {} };

function named(name: string, credential: Credential | undefined): Readonly<Record<string, string>> {
  return credential === undefined ? {} : { [name]: credential.value };
}

/** App ids that TokenX grants; a `*` is told only where it grants. */
function inboundApps(app: App, snapshot: Snapshot): readonly string[] {
  const ids = snapshot.grantsFor(app.id).flatMap(({ consumer }) => {
    const isPattern = consumer.namespace === '*' || consumer.name === '*';
    if (isPattern && snapshot.wildcardGrants === 'network-only') return [];
    return [`${consumer.cluster}:${consumer.namespace}:${consumer.name}`];
  });
  return [...new Set(ids)];
}

function preAuthorized(app: App, snapshot: Snapshot): readonly { name: string; clientId: string }[] {
  return snapshot.grantsFor(app.id).flatMap(({ consumer }) => {
    const name = `${consumer.cluster}:${consumer.namespace}:${consumer.name}`;
    const client = snapshot.clientOf(name, 'azure');
    return client === undefined ? [] : [{ name, clientId: client.clientId }];
  });
}
