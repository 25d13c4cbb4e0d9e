/** How a session's access token becomes that of another application: on behalf of the user at Entra, else at TokenX. */
import { signClientAssertion } from '../../oauth/client-assertion.ts';
import { issuerUrlProblem } from '../../oauth/local-issuers.ts';
import { createEndpoints } from '../../oauth/token-endpoint/endpoints.ts';
import { entraOnBehalfOfForm, normaliseEntraTarget } from '../../oauth/grants/entra.ts';
import type { AssertedClient, SecretClient } from '../../oauth/grants/entra.ts';
import { isShared } from '../../providers/tenant-issuer.ts';
import type { FormMaker } from '../../oauth/token-endpoint/token-endpoint.ts';
import { createTokenEndpoint } from '../../oauth/token-endpoint/token-endpoint.ts';
import { tokenxExchangeForm } from '../../oauth/grants/tokenx.ts';
import type { LoginContext } from '../context.ts';
import type { ExchangedToken } from './exchanged-tokens.ts';

/** One network of applications. */
export interface Network {
  /** Throws TokenRequestFailed. */
  exchange(audience: string, accessToken: string): Promise<ExchangedToken>;
}

/** Our client at TokenX; undefined when there is none. Nothing is fetched before the first exchange. */
export function createTokenx({ config, client: { fetch }, now }: LoginContext): Network | undefined {
  if (config.tokenx === undefined) return undefined;
  const { wellKnownUrl, clientId, key } = config.tokenx;
  const isAllowedUrl = (url: string): boolean => issuerUrlProblem(url, config.localProviders) === undefined;
  const endpoints = createEndpoints({ endpoints: { wellKnownUrl } }, { fetch, now, isAllowedUrl });
  const tokenEndpoint = createTokenEndpoint({ url: () => endpoints.tokenEndpoint(), fetch, now });
  return {
    exchange(audience, accessToken) {
      const form: FormMaker = async () => {
        const assertion = { key, clientId, audience: await endpoints.issuer(), now: now() };
        return tokenxExchangeForm(await signClientAssertion(assertion), audience, accessToken);
      };
      return tokenEndpoint.request(form, { forUser: true });
    },
  };
}

/** The provider's own client, asking on behalf of the user. */
export function createOnBehalfOf({ provider, client, now }: LoginContext): Network {
  const { clientId, credential } = provider;
  const { fetch } = client;
  const tokenEndpoint = createTokenEndpoint({
    url: async () => {
      const url = (await client.metadata.get()).endpoint('token_endpoint');
      if (url === undefined) throw new Error(`metadata of ${provider.name} has no token_endpoint`);
      return url;
    },
    fetch,
    now,
  });
  async function ourselves(): Promise<AssertedClient | SecretClient> {
    if (credential.kind === 'secret') return { clientId, clientSecret: credential.secret };
    if (credential.kind === 'assertion') return { clientId, clientAssertion: await credential.assertion() };
    const metadata = await client.metadata.get();
    // A shared issuer is nobody's name, so the address it is reached at stands for it.
    const audience = isShared(metadata.issuer) ? (metadata.endpoint('token_endpoint') ?? '') : metadata.issuer;
    const { key, assertionType: typ } = credential;
    return {
      clientId,
      clientAssertion: await signClientAssertion({ key, clientId, audience, now: now(), typ }),
    };
  }
  return {
    exchange: (audience, accessToken) =>
      tokenEndpoint.request(
        async () => entraOnBehalfOfForm(await ourselves(), normaliseEntraTarget(audience), accessToken),
        { forUser: true },
      ),
  };
}
