import { CLIENT_ASSERTION_TYPE, GRANT, signClientAssertion } from '../client-assertion.ts';
import type { SigningKey } from '../jwk.ts';

/** What Entra demands as the audience of an assertion by another issuer. */
const FEDERATED_AUDIENCE = 'api://AzureADTokenExchange';

/**
 * The scope Entra expects. `cluster:namespace:app`, three non-empty parts without a scheme, becomes
 * `api://cluster.namespace.app/.default`; everything else stays as it is (sidecar-sdk.md 3.2).
 */
export function normaliseEntraTarget(target: string): string {
  if (target.startsWith('https://') || target.startsWith('api://')) return target;
  const parts = target.split(':');
  if (parts.length !== 3 || parts.includes('')) return target;
  return `api://${parts.join('.')}/.default`;
}

/** A client and its freshly signed assertion (RFC 7523 2.2). */
export interface AssertedClient {
  readonly clientId: string;
  readonly clientAssertion: string;
}

/** A client and its secret (RFC 6749 2.3.1). */
export interface SecretClient {
  readonly clientId: string;
  readonly clientSecret: string;
}

function clientParameters(client: AssertedClient | SecretClient): Readonly<Record<string, string>> {
  if ('clientSecret' in client) return { client_id: client.clientId, client_secret: client.clientSecret };
  return {
    client_id: client.clientId,
    client_assertion: client.clientAssertion,
    client_assertion_type: CLIENT_ASSERTION_TYPE,
  };
}

/** What one of our own issuer's assertions says; `now` in seconds since the epoch. */
export interface WorkloadAssertion {
  readonly key: SigningKey;
  readonly issuer: string;
  /** `cluster:namespace:app`; Entra compares it case and all. */
  readonly subject: string;
  readonly now: number;
}

/** Our own issuer vouches for an application that has no credential at Entra (providers.md 2.3, manifest.md W8). Lives 30 s. */
export function signEntraWorkloadAssertion({ key, issuer, subject, now }: WorkloadAssertion): Promise<string> {
  return signClientAssertion({ key, clientId: issuer, audience: FEDERATED_AUDIENCE, now, claims: { sub: subject } });
}

/** Client credentials at Entra: a machine token (RFC 6749 4.4; providers.md 2.3). */
export function entraMachineForm(client: AssertedClient, target: string): Readonly<Record<string, string>> {
  return {
    grant_type: GRANT.clientCredentials,
    client_id: client.clientId,
    client_assertion: client.clientAssertion,
    client_assertion_type: CLIENT_ASSERTION_TYPE,
    scope: target,
  };
}

/** On-Behalf-Of at Entra: the user's token for another API (providers.md 2.3). */
export function entraOnBehalfOfForm(
  client: AssertedClient | SecretClient,
  target: string,
  userToken: string,
): Readonly<Record<string, string>> {
  return {
    grant_type: GRANT.jwtBearer,
    ...clientParameters(client),
    scope: target,
    requested_token_use: 'on_behalf_of',
    assertion: userToken,
  };
}
