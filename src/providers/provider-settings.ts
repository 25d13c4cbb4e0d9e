import type { Algorithm } from '../oauth/algorithms.ts';
import type { SigningKey } from '../oauth/jwk.ts';

/** Where a provider is reached; what is missing comes from the well-known document. */
interface ProviderEndpoints {
  readonly wellKnownUrl?: string | undefined;
  readonly jwksUri?: string | undefined;
  readonly tokenEndpoint?: string | undefined;
}

/** One provider as the environment describes it, checked. */
export interface ProviderSettings {
  readonly name: string;
  /** Compared byte for byte with a token's `iss`, and the `aud` of our assertions. */
  readonly issuer: string;
  readonly endpoints: ProviderEndpoints;
  /** What a token's `aud` has to hold; undefined where the provider issues none. */
  readonly audience: readonly string[] | undefined;
  readonly algorithms: readonly Algorithm[];
  /** Absent where tokens are only judged, never fetched. */
  readonly client: { readonly clientId: string; readonly key: SigningKey } | undefined;
}
