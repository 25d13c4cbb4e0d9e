import { createHash, createPrivateKey } from 'node:crypto';
import * as openid from 'openid-client';
import { guid } from '../../src/idp/testing/rows.ts';
import { selfSign } from '../../src/idp/keys/certificates.ts';
import { signClientAssertion } from '../../src/oauth/client-assertion.ts';
import { generatePrivateJwk, importSigningKey, publicJwk } from '../../src/oauth/jwk.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';
import { now, startProviders, TENANT } from './providers.ts';
import type { Providers } from './providers.ts';
import { azureApplication, client, grant, rows, SECRET } from './rows.ts';
import { userTokens } from './tokens.ts';

/** Where Entra sends employees back to `desk`. */
export const CALLBACK = 'https://desk.example.test/oauth2/callback';

/** `desk` may call `middle` and, as admin, `api`; `middle` may read `api`; nobody may call `closed`. */
export const DESK: string = guid(1);
export const MIDDLE: string = guid(2);
export const API: string = guid(3);
export const CLOSED: string = guid(4);

/** Four applications at the local Entra ID, with SECRET and one certificate for all. */
export interface Desk {
  readonly providers: Providers;
  /** `https://localhost:<port>/<tenant>`. */
  readonly authority: string;
  readonly jwk: PrivateJwk;
  /** Base64 DER. */
  readonly certificate: string;
  /** PEM of the certificate, and of its key. */
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** Starts the providers. Close them, or the process stays. */
export async function startDesk(): Promise<Desk> {
  const jwk = await generatePrivateJwk('RS256', 'client-key');
  const certificate = await selfSign(jwk, 'desk', now());
  const keys = [{ ...publicJwk(jwk), x5c: [certificate] }];
  const azure = (name: string, number: number, redirectUris: readonly string[] = []): ReturnType<typeof client> =>
    client(name, guid(number), { keys, registration: azureApplication(name, number, { redirectUris }) });
  const clients = [azure('desk', 1, [CALLBACK]), azure('middle', 2), azure('api', 3), azure('closed', 4)];
  const grants = [
    grant('desk', 'middle'),
    grant('middle', 'api', { scopes: ['read'] }),
    grant('desk', 'api', { roles: ['admin'] }),
  ];
  const providers = await startProviders(rows(clients, { grants }), ['entra']);
  return {
    providers,
    authority: `${providers.entraOrigin}/${TENANT}`,
    jwk,
    certificate,
    certificatePem: `-----BEGIN CERTIFICATE-----\n${certificate.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
    keyPem: privateKeyPem(jwk),
  };
}

/** A private key as PEM (PKCS #8). */
export function privateKeyPem(jwk: PrivateJwk): string {
  return createPrivateKey({ key: { ...jwk }, format: 'jwk' }).export({ format: 'pem', type: 'pkcs8' });
}

/** The certificate's thumbprint in hexadecimal. */
export function thumbprint({ certificate }: Desk, hash: 'sha1' | 'sha256'): string {
  return createHash(hash).update(Buffer.from(certificate, 'base64')).digest('hex');
}

/** An assertion of `clientId`'s own making, for libraries that take one ready-made. */
export function ownAssertion({ authority, jwk }: Desk, clientId: string = DESK): Promise<string> {
  const audience = `${authority}/oauth2/v2.0/token`;
  return signClientAssertion({ key: importSigningKey(jwk), clientId, audience, now: now() });
}

/** The access token for `middle` of an employee who has signed in at `desk`. */
export async function employeeToken({ providers }: Desk): Promise<string> {
  const config = await openid.discovery(
    new URL(providers.issuers.entra),
    DESK,
    undefined,
    openid.ClientSecretPost(SECRET),
    { [openid.customFetch]: (url, init) => providers.fetch(url, { ...init, body: init.body ?? null }) },
  );
  const login = { redirectUri: CALLBACK, scope: `openid api://${MIDDLE}/.default`, browse: providers.browse };
  return (await userTokens(config, login)).access_token;
}
