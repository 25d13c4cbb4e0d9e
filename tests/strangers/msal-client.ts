/** A process with MSAL in it, beside the test. */
import { AuthError, ConfidentialClientApplication, ServerError } from '@azure/msal-node';
import type { AuthenticationResult, AuthorizationCodePayload, NodeAuthOptions } from '@azure/msal-node';
import { answerOrders } from './beside.ts';

/** What the test asks for; `auth` is what the application is configured with. */
export type Order = { readonly auth: NodeAuthOptions; readonly scopes: string[] } & (
  | { readonly call: 'client-credentials' }
  | (Login & { readonly call: 'code-url'; readonly codeChallenge: string })
  | (Login & { readonly call: 'code'; readonly codeVerifier: string; readonly answer: AuthorizationCodePayload })
  | { readonly call: 'silent'; readonly refresh: boolean }
  | { readonly call: 'on-behalf-of'; readonly oboAssertion: string }
);

interface Login {
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
}

/** What came of an order. */
export type Outcome =
  | { readonly kind: 'url'; readonly url: string }
  | {
      readonly kind: 'token';
      readonly token: string;
      readonly idToken: string;
      readonly scopes: readonly string[];
      readonly fromCache: boolean;
      readonly username: string | undefined;
    }
  | {
      readonly kind: 'refused';
      readonly name: string;
      readonly code: string;
      readonly message: string;
      readonly subError: string;
      readonly number: number | undefined;
      readonly status: number | undefined;
    };

const applications = new Map<string, ConfidentialClientApplication>();

answerOrders(carryOut);

async function carryOut(order: Order): Promise<Outcome> {
  const name = JSON.stringify(order.auth);
  const application = applications.get(name) ?? new ConfidentialClientApplication({ auth: order.auth });
  applications.set(name, application);
  try {
    if (order.call === 'code-url') {
      const { auth: _, call: __, ...request } = order;
      return { kind: 'url', url: await application.getAuthCodeUrl({ ...request, codeChallengeMethod: 'S256' }) };
    }
    return tokenOf(await ask(application, order));
  } catch (error) {
    return refusalOf(error);
  }
}

async function ask(
  application: ConfidentialClientApplication,
  order: Exclude<Order, { call: 'code-url' }>,
): Promise<AuthenticationResult | null> {
  const { scopes } = order;
  if (order.call === 'client-credentials') {
    return application.acquireTokenByClientCredential({ scopes, skipCache: true });
  }
  if (order.call === 'code') {
    return application.acquireTokenByCode({ ...order, code: order.answer.code }, order.answer);
  }
  if (order.call === 'on-behalf-of') {
    return application.acquireTokenOnBehalfOf({ scopes, oboAssertion: order.oboAssertion, skipCache: true });
  }
  const [account] = await application.getTokenCache().getAllAccounts();
  if (account === undefined) throw new Error('nobody is signed in');
  return application.acquireTokenSilent({ scopes, account, forceRefresh: order.refresh });
}

function tokenOf(result: AuthenticationResult | null): Outcome {
  if (result === null) throw new Error('MSAL answered nothing');
  const { accessToken: token, idToken, scopes, fromCache, account } = result;
  return { kind: 'token', token, idToken, scopes, fromCache, username: account?.username };
}

function refusalOf(error: unknown): Outcome {
  if (!(error instanceof AuthError)) throw error;
  return {
    kind: 'refused',
    name: error.name,
    code: error.errorCode,
    message: error.errorMessage,
    subError: error.subError,
    // A number at run time, whatever its type says.
    number: 'errorNo' in error ? Number(error.errorNo) : undefined,
    status: error instanceof ServerError ? error.status : undefined,
  };
}
