import { exchangeForm, machineForm } from '../../oauth/grants/acquisition-forms.ts';
import type { ExchangeGrant, GrantClient, MachineGrant } from '../../oauth/grants/acquisition-forms.ts';
import { createLocalSigner } from '../../oauth/grants/signer.ts';
import { importSigningKey } from '../../oauth/jwk.ts';
import { parseStrictJson } from '../../oauth/strict-json.ts';
import { createTokenEndpoint } from '../../oauth/token-endpoint/token-endpoint.ts';
import type { FormMaker } from '../../oauth/token-endpoint/token-endpoint.ts';
import { TokenRequestFailed } from '../../oauth/token-endpoint/token-failure.ts';
import { APPLICATION } from './identities.ts';
import type { Played } from './places.ts';
import { answerWith, badRequest, failureAnswer } from './sidecar-answers.ts';
import type { Backing } from './sidecar-backing.ts';

const CLIENT_IDS: Readonly<Record<Played, string | undefined>> = {
  entra_id: APPLICATION.entraClientId,
  tokenx: APPLICATION.name,
  maskinporten: APPLICATION.maskinportenClientId,
  idporten: undefined,
};

/** The answer to a request for a token of the application's own (sidecar-sdk.md 3.3, 3.4). */
export async function acquireMachine(backing: Backing, provider: Played, grant: MachineGrant): Promise<Response> {
  const client = clientAt(backing, provider);
  const form = client === undefined ? undefined : machineForm(client, grant, backing.desk.now);
  if (form === undefined) return badRequest(`identity provider ${provider} gives no machine tokens`);
  return await send(backing, provider, { form, forUser: false });
}

/** The answer to a request for a token on behalf of a user (sidecar-sdk.md 3.3, 3.4). */
export async function acquireForUser(backing: Backing, provider: Played, grant: ExchangeGrant): Promise<Response> {
  const client = clientAt(backing, provider);
  const form = client === undefined ? undefined : exchangeForm(client, grant, backing.desk.now);
  if (form === undefined) return badRequest(`identity provider ${provider} exchanges no tokens`);
  return await send(backing, provider, { form, forUser: true });
}

function clientAt({ issuer, desk }: Backing, provider: Played): GrantClient | undefined {
  const clientId = CLIENT_IDS[provider];
  if (clientId === undefined) return undefined;
  const signer = createLocalSigner(() => importSigningKey(parseStrictJson(issuer.env['AZURE_APP_JWK'] ?? '')));
  return { provider, clientId, issuer: desk.places[provider].issuer, signer };
}

/** Once, as a test expects: what fails is not tried again, and no failure is held against the next request. */
async function send(
  { issuer, desk }: Backing,
  provider: Played,
  { form, forUser }: { readonly form: FormMaker; readonly forUser: boolean },
): Promise<Response> {
  const endpoint = createTokenEndpoint({
    url: () => Promise.resolve(desk.places[provider].tokenEndpoint ?? ''),
    fetch: (url, init) => issuer.fetch(url, init),
    now: desk.now,
    limits: { maxRetries: 0 },
  });
  try {
    const { accessToken, expiresIn } = await endpoint.request(form, { forUser });
    return answerWith(200, { access_token: accessToken, token_type: 'Bearer', expires_in: expiresIn });
  } catch (error) {
    if (error instanceof TokenRequestFailed) return failureAnswer(error);
    throw error;
  }
}
