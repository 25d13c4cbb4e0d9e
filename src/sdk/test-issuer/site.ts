import { numberClaim, parseJwt } from '../../oauth/jwt.ts';
import { entraToken } from './entra-grants.ts';
import { maskinportenToken } from './maskinporten-grant.ts';
import type { Place, Played } from './places.ts';
import type { Desk } from './proof.ts';
import { RefusedGrant } from './refused-grant.ts';
import { tokenxToken } from './tokenx-grants.ts';

/** One call that reached the issuer. */
export interface Call {
  readonly url: string;
  readonly method: string;
  readonly contentType: string;
  readonly form: URLSearchParams;
}

const PLAYED: readonly Played[] = ['entra_id', 'tokenx', 'idporten', 'maskinporten'];
const GRANTS: Readonly<Record<Played, (desk: Desk, form: URLSearchParams) => string>> = {
  entra_id: entraToken,
  tokenx: tokenxToken,
  maskinporten: maskinportenToken,
  idporten: () => {
    throw new RefusedGrant('unsupported_grant_type', 'nobody logs in here');
  },
};

/** The answer to a call; undefined where nobody is. */
export function answerCall(desk: Desk, call: Call): Response | undefined {
  for (const provider of PLAYED) {
    const place = desk.places[provider];
    if (call.url === place.wellKnownUrl) return json(200, metadataOf(place));
    if (call.url === place.jwksUri) return json(200, desk.keys.jwks(provider));
    if (call.url === place.tokenEndpoint) return tokenAnswer(desk, provider, call);
  }
  return undefined;
}

function metadataOf({ issuer, jwksUri, tokenEndpoint }: Place): object {
  return {
    issuer,
    jwks_uri: jwksUri,
    ...(tokenEndpoint === undefined ? {} : { token_endpoint: tokenEndpoint }),
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: ['RS256'],
  };
}

function tokenAnswer(desk: Desk, provider: Played, { method, contentType, form }: Call): Response {
  try {
    if (method !== 'POST') return json(405, { error: 'invalid_request', error_description: 'POST is needed' });
    if (!contentType.startsWith('application/x-www-form-urlencoded')) {
      throw new RefusedGrant('invalid_request', 'the body has to be a form');
    }
    const twice = [...new Set(form.keys())].find((name) => form.getAll(name).length > 1);
    if (twice !== undefined) throw new RefusedGrant('invalid_request', `${twice} stands there twice`);
    const token = GRANTS[provider](desk, form);
    const expiresIn = (numberClaim(parseJwt(token).claims, 'exp') ?? 0) - Math.floor(desk.now());
    return json(200, { access_token: token, token_type: 'Bearer', expires_in: expiresIn });
  } catch (error) {
    if (!(error instanceof RefusedGrant)) throw error;
    const told = { error: error.error, error_description: error.message };
    return json(error.status, { ...told, ...numbered(desk.places[provider], provider, error.number) });
  }
}

/** Entra ID lists its numbers; Maskinporten's end an address. */
function numbered({ issuer }: Place, provider: Played, number: string | undefined): object {
  if (number === undefined) return {};
  return provider === 'entra_id' ? { error_codes: [Number(number)] } : { error_uri: `${issuer}errors/${number}` };
}

function json(status: number, body: object): Response {
  return Response.json(body, { status, headers: { 'cache-control': 'no-store' } });
}
