import type { AppId } from '../registry/app-id.ts';

/** Where one provider is, as its clients have to know it. */
export interface ProviderEndpoints {
  readonly issuer: string;
  readonly wellKnownUrl: string;
  readonly jwksUri: string;
  readonly tokenEndpoint: string;
}

/** Where an app lives on this platform. */
export interface AppPlace {
  /** Where browsers reach it. */
  readonly ingresses: readonly string[];
  /** host:port that the app listens on. */
  readonly bindAddress: string;
  readonly port: number;
  /** Base of its token endpoints. */
  readonly sidecarOrigin: string;
}

/** Who owns a namespace. */
export interface Organisation {
  readonly orgno: string;
  /** Of its Maskinporten scopes. */
  readonly prefix: string;
}

/** What only the surroundings know: `up` on a laptop, later a cluster. */
export interface Platform {
  /** `declared` are the ingresses of the manifest. */
  place(app: AppId, declared: readonly string[]): AppPlace;
  readonly endpoints: {
    readonly tokenx: ProviderEndpoints;
    readonly idporten?: ProviderEndpoints;
    readonly maskinporten?: ProviderEndpoints;
    /** By tenant id. */
    azure?(tenant: string): ProviderEndpoints;
  };
  /** Of the local https providers. */
  readonly caFile?: string;
  readonly allowLocalProviders: boolean;
  organisationOf(namespace: string): Organisation;
  /** Where another app answers; only on a platform that gives addresses out, and not names. */
  readonly urlOf?: (app: AppId) => string;
}
