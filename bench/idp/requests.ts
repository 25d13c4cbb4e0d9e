import { randomUUID } from 'node:crypto';
import { CLIENT_ASSERTION_TYPE, GRANT, signClientAssertion } from '../../src/oauth/client-assertion.ts';
import { importSigningKey } from '../../src/oauth/jwk.ts';
import type { SigningKey } from '../../src/oauth/jwk.ts';
import { CLIENTS } from '../../src/idp/testing/rows.ts';
import { postRequest } from './load.ts';
import { OPENID_CLIENTS, OPENID_ISSUER, RESOURCE, SCOPE } from './world.ts';
import type { BenchAlgorithm, BenchKeys } from './world.ts';

const TENANT = '00000000-0000-4000-8000-00000000f001';

/** Makes one token request; every call has an assertion of its own. */
export type MakeRequest = () => Promise<Buffer>;

/** Many requests, signed now. */
export async function makeRequests(make: MakeRequest, count: number): Promise<readonly Buffer[]> {
  return await Promise.all(Array.from({ length: count }, make));
}

/** Client credentials with private_key_jwt, as the generic persona and the peer both take them. */
export function clientCredentials(keys: BenchKeys, alg: BenchAlgorithm): MakeRequest {
  const key = importSigningKey(keys[alg]);
  const clientId = OPENID_CLIENTS[alg];
  return async () =>
    postRequest('/token', {
      grant_type: GRANT.clientCredentials,
      scope: SCOPE,
      resource: RESOURCE,
      ...(await authentication(key, clientId, OPENID_ISSUER)),
    });
}

/** The one grant of Maskinporten. */
export function maskinportenGrant(keys: BenchKeys): MakeRequest {
  const key = importSigningKey(keys.RS256);
  return async () => {
    const claims = { scope: 'demo:feed/read' };
    const audience = 'http://localhost:7430/';
    const assertion = await signClientAssertion({
      key,
      clientId: CLIENTS.feed,
      audience,
      now: Date.now() / 1000,
      lifetimeSeconds: 120,
      omitSubject: true,
      claims,
    });
    return postRequest('/token', { grant_type: GRANT.jwtBearer, assertion });
  };
}

/** An application token of Entra ID. */
export function entraClientCredentials(keys: BenchKeys): MakeRequest {
  const key = importSigningKey(keys.RS256);
  return async () =>
    postRequest(`/${TENANT}/oauth2/v2.0/token`, {
      grant_type: GRANT.clientCredentials,
      scope: 'api://local.demo.api/.default',
      ...(await authentication(key, CLIENTS.desk, `https://localhost:7421/${TENANT}/v2.0`)),
    });
}

/** The fields of a client that proves itself with a key; a jti per request. */
export async function authentication(
  key: SigningKey,
  clientId: string,
  audience: string,
): Promise<Readonly<Record<string, string>>> {
  const jti = randomUUID();
  const now = Date.now() / 1000;
  return {
    client_id: clientId,
    client_assertion_type: CLIENT_ASSERTION_TYPE,
    client_assertion: await signClientAssertion({ key, clientId, audience, now, jti, lifetimeSeconds: 120 }),
  };
}
