/** Pushed authorization requests (RFC 9126). */
import { setTimeout as wait } from 'node:timers/promises';
import { processPushedAuthorizationResponse, pushedAuthorizationRequest } from 'oauth4webapi';
import type { LoginClient } from './login-client.ts';
import type { ProviderMetadata } from './metadata.ts';
import { callProvider } from './provider-call.ts';
import { ProviderFault } from './provider-fault.ts';

const CALL_MILLISECONDS = 5000;
/** Fibonacci from 50 ms; the pauses add up to 2.65 s of the 5 s a browser waits at most. */
const PAUSES_MILLISECONDS: readonly number[] = [50, 50, 100, 150, 250, 400, 650, 1000];
const BUDGET_MILLISECONDS = 5000;

async function pushOnce(client: LoginClient, metadata: ProviderMetadata, parameters: URLSearchParams): Promise<string> {
  const oauthClient = client.client();
  const answer = await callProvider(client, {
    endpoint: 'par',
    milliseconds: CALL_MILLISECONDS,
    send: (options) =>
      pushedAuthorizationRequest(metadata.server, oauthClient, client.authentication(metadata), parameters, options),
    read: (response) => processPushedAuthorizationResponse(metadata.server, oauthClient, response),
  });
  return answer.request_uri;
}

/**
 * Pushes the parameters and answers the `request_uri`. 5xx and network errors are tried again within 5 s, with a fresh
 * assertion each time; refusals are not. Throws ProviderFault.
 */
export async function pushAuthorizationRequest(
  client: LoginClient,
  metadata: ProviderMetadata,
  parameters: URLSearchParams,
): Promise<string> {
  const started = performance.now();
  for (const pause of PAUSES_MILLISECONDS) {
    try {
      return await pushOnce(client, metadata, parameters);
    } catch (error) {
      if (!(error instanceof ProviderFault) || (error.kind !== 'unavailable' && error.kind !== 'timeout')) throw error;
      if (performance.now() - started + pause > BUDGET_MILLISECONDS) throw error;
      await wait(pause);
    }
  }
  return pushOnce(client, metadata, parameters);
}
