import type { Algorithm } from '../oauth/algorithms.ts';
import type { SigningKey } from '../oauth/jwk.ts';
import type { ConfiguredEndpoints } from '../oauth/token-endpoint/endpoints.ts';

/** One provider as the environment describes it, checked. */
export interface ProviderSettings {
  readonly name: string;
  /** Compared byte for byte with a token's `iss`, and the `aud` of our assertions. */
  readonly issuer: string;
  /** The issuer follows from the well-known URL alone: metadata, which may spell its last slash otherwise, has the last word. */
  readonly isIssuerDerived?: boolean;
  readonly endpoints: ConfiguredEndpoints;
  /** What a token's `aud` has to hold; undefined where the provider issues none. */
  readonly audience: readonly string[] | undefined;
  readonly algorithms: readonly Algorithm[];
  /** Absent where tokens are only judged, never fetched. */
  readonly client: { readonly clientId: string; readonly key: SigningKey } | undefined;
}
