/** Pushed authorization requests (RFC 9126). */
import { setTimeout as wait } from 'node:timers/promises';
import { processPushedAuthorizationResponse, pushedAuthorizationRequest } from 'oauth4webapi';
import type { LoginClient } from './login-client.ts';
import type { ProviderMetadata } from './metadata.ts';
import { callProvider } from './provider-call.ts';
import { isBroken } from './provider-fault.ts';

/** Fibonacci from 50 ms. */
const PAUSES_MILLISECONDS: readonly number[] = [50, 50, 100, 150, 250, 400, 650, 1000];
/** What a browser waits at most, tries and pauses together. */
const BUDGET_MILLISECONDS = 5000;

async function pushOnce(
  client: LoginClient,
  metadata: ProviderMetadata,
  push: { readonly parameters: URLSearchParams; readonly milliseconds: number },
): Promise<string> {
  const oauthClient = client.client();
  const answer = await callProvider(client, {
    endpoint: 'par',
    milliseconds: push.milliseconds,
    send: (options) =>
      pushedAuthorizationRequest(
        metadata.server,
        oauthClient,
        client.authentication(metadata),
        push.parameters,
        options,
      ),
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
  const left = (): number => Math.ceil(BUDGET_MILLISECONDS - (performance.now() - started));
  for (let attempt = 0; ; attempt += 1) {
    const pause = PAUSES_MILLISECONDS[attempt] ?? BUDGET_MILLISECONDS;
    try {
      return await pushOnce(client, metadata, { parameters, milliseconds: left() });
    } catch (error) {
      if (!isBroken(error) || pause >= left()) throw error;
      await wait(pause);
    }
  }
}
