import { signClientAssertion } from '../../oauth/client-assertion.ts';
import type { Claims } from '../../oauth/jwt.ts';
import { entraMachineForm, entraOnBehalfOfForm, normaliseEntraTarget } from '../../oauth/grants/entra.ts';
import { maskinportenForm, maskinportenGrantClaims } from '../../oauth/grants/maskinporten.ts';
import { tokenxExchangeForm } from '../../oauth/grants/tokenx.ts';
import { importSigningKey } from '../../oauth/jwk.ts';
import { parseStrictJson } from '../../oauth/strict-json.ts';
import { APPLICATION } from './identities.ts';
import type { Played } from './places.ts';
import { badRequest } from './sidecar-backing.ts';
import type { Backing } from './sidecar-backing.ts';

/** A request for a token; its fields are as they came. */
interface Wanted {
  readonly provider: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly forUser: boolean;
}

type Form = Readonly<Record<string, string>>;

/** The answer to a request for a token: the provider's own, or 500 where it cannot be had (sidecar-sdk.md 3.4). */
export async function acquire(backing: Backing, wanted: Wanted): Promise<Response> {
  const { provider, fields, forUser } = wanted;
  const { target, user_token: userToken } = fields;
  if (typeof target !== 'string') return badRequest('target is missing');
  if (forUser && typeof userToken !== 'string') return badRequest('user_token is missing');
  const request = { target, userToken: typeof userToken === 'string' ? userToken : '', fields };
  if (provider === 'entra_id') return await send(backing, 'entra_id', await entraForm(backing, forUser, request));
  if (provider === 'tokenx' && forUser) return await send(backing, 'tokenx', await tokenxForm(backing, request));
  if (provider === 'maskinporten' && !forUser) {
    return await send(backing, 'maskinporten', await maskinportenGrant(backing, request));
  }
  return badRequest(`identity provider ${provider} ${forUser ? 'exchanges no tokens' : 'gives no machine tokens'}`);
}

interface Request {
  readonly target: string;
  readonly userToken: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

function assertion(
  { issuer, desk }: Backing,
  at: { readonly provider: Played; readonly clientId: string; readonly claims?: Claims },
): Promise<string> {
  return signClientAssertion({
    key: importSigningKey(parseStrictJson(issuer.env['AZURE_APP_JWK'] ?? '')),
    clientId: at.clientId,
    audience: desk.places[at.provider].issuer,
    now: desk.now(),
    ...(at.claims === undefined ? {} : { claims: at.claims, omitSubject: true }),
  });
}

async function entraForm(backing: Backing, forUser: boolean, { target, userToken }: Request): Promise<Form> {
  const clientId = APPLICATION.entraClientId;
  const client = { clientId, clientAssertion: await assertion(backing, { provider: 'entra_id', clientId }) };
  const scope = normaliseEntraTarget(target);
  return forUser ? entraOnBehalfOfForm(client, scope, userToken) : entraMachineForm(client, scope);
}

async function tokenxForm(backing: Backing, { target, userToken }: Request): Promise<Form> {
  return tokenxExchangeForm(
    await assertion(backing, { provider: 'tokenx', clientId: APPLICATION.name }),
    target,
    userToken,
  );
}

async function maskinportenGrant(backing: Backing, { target, fields }: Request): Promise<Form> {
  const { resource, authorization_details: details } = fields;
  const claims = maskinportenGrantClaims({
    scope: target,
    resource: typeof resource === 'string' ? resource : undefined,
    authorizationDetails: listOf(details),
  });
  const clientId = APPLICATION.maskinportenClientId;
  return maskinportenForm(await assertion(backing, { provider: 'maskinporten', clientId, claims }));
}

/** In a form the details are text. */
function listOf(details: unknown): readonly unknown[] | undefined {
  const value: unknown = typeof details === 'string' ? parseStrictJson(details) : details;
  return Array.isArray(value) ? value : undefined;
}

async function send({ issuer, desk }: Backing, provider: Played, form: Form): Promise<Response> {
  const url = desk.places[provider].tokenEndpoint ?? '';
  try {
    const answer = await issuer.fetch(url, { method: 'POST', body: new URLSearchParams(form) });
    const body: unknown = await answer.json();
    if (answer.status < 500) return Response.json(body, { status: answer.status });
  } catch {
    // Unreachable, or no JSON: the same to whoever asks a sidecar.
  }
  return Response.json(
    { error: 'server_error', error_description: `Identity provider request failed: ${provider} cannot be reached` },
    { status: 500 },
  );
}
