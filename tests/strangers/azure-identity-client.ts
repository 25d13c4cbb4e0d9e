/** A process with @azure/identity in it, beside the test. */
import {
  ClientAssertionCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  OnBehalfOfCredential,
} from '@azure/identity';
import type { TokenCredential } from '@azure/identity';
import { answerOrders } from './beside.ts';

/** How the application proves itself. */
export type Proof =
  | { readonly clientSecret: string }
  | { readonly certificatePath: string; readonly sendCertificateChain?: boolean }
  | { readonly assertion: string };

/** A token to get; with `userAssertionToken` on behalf of its user. */
export interface Order {
  /** Scheme, host and port. */
  readonly authorityHost: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly proof: Proof;
  readonly scope: string;
  readonly userAssertionToken?: string;
}

/** What came of it. */
export type Outcome =
  | { readonly kind: 'token'; readonly token: string; readonly expiresAt: number }
  | { readonly kind: 'refused'; readonly name: string; readonly message: string };

answerOrders(carryOut);

async function carryOut(order: Order): Promise<Outcome> {
  try {
    const got = await credential(order).getToken(order.scope);
    if (got === null) throw new Error('no token, and no reason');
    return { kind: 'token', token: got.token, expiresAt: got.expiresOnTimestamp / 1000 };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { kind: 'refused', name: error.name, message: error.message };
  }
}

function credential(order: Order): TokenCredential {
  const { authorityHost, tenantId, clientId, proof, userAssertionToken } = order;
  const options = { authorityHost, disableInstanceDiscovery: true, retryOptions: { maxRetries: 0 } };
  if (userAssertionToken !== undefined) {
    const shared = { ...options, tenantId, clientId, userAssertionToken };
    if ('clientSecret' in proof) return new OnBehalfOfCredential({ ...shared, ...proof });
    if ('assertion' in proof) return new OnBehalfOfCredential({ ...shared, getAssertion: async () => proof.assertion });
    return new OnBehalfOfCredential({ ...shared, ...proof });
  }
  if ('clientSecret' in proof) return new ClientSecretCredential(tenantId, clientId, proof.clientSecret, options);
  if ('assertion' in proof)
    return new ClientAssertionCredential(tenantId, clientId, async () => proof.assertion, options);
  const { certificatePath, sendCertificateChain = false } = proof;
  return new ClientCertificateCredential(tenantId, clientId, { certificatePath }, { ...options, sendCertificateChain });
}
