import type { GrantClient } from '../../oauth/grants/acquisition-forms.ts';
import { createLocalSigner } from '../../oauth/grants/signer.ts';
import type { Credential } from '../reload/credential.ts';

/** What of a provider makes it somebody's. */
interface GrantParts {
  readonly settings: { readonly name: string };
  readonly credential: Credential | undefined;
  readonly issuerName: () => string;
}

/** The client of a provider, which signs with the key of each moment: between two attempts another may have taken its place. */
export function grantClientOf({
  settings: { name: provider },
  credential,
  issuerName,
}: GrantParts): GrantClient | undefined {
  if (credential === undefined) return undefined;
  return {
    provider,
    // The first request for a token may be what brings the metadata.
    get issuer() {
      return issuerName();
    },
    clientId: credential.clientId,
    signer: createLocalSigner(() => credential.key()),
  };
}
