import { importJWK } from 'jose';
import * as openid from 'openid-client';
import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';
import { createBrowser } from '../journeys/browser.ts';
import type { Browser } from '../journeys/browser.ts';
import { signInFor } from './person.ts';
import { startProviders } from './providers.ts';
import type { Providers } from './providers.ts';
import { rows, SECRET } from './rows.ts';

const CLIENT = 'https://club.example.test';
/** Where every client of the club is sent back to. */
export const CALLBACK: string = `${CLIENT}/callback`;
export const SIGNED_OUT: string = `${CLIENT}/bye`;

const ALGORITHMS = ['RS256', 'PS256', 'ES256'] as const;

/** How a client proves itself: in its registration, and to the library. */
interface Proof {
  readonly name: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly authentication: openid.ClientAuth;
}

/** A client to register at one of the generic personas. */
interface Asked {
  readonly persona: 'openid' | 'oidf-basic' | 'oidf-fapi2' | 'oidf-cc';
  readonly proof: string;
  readonly metadata?: Readonly<Record<string, unknown>> & { readonly id_token_signed_response_alg?: string };
  /** What the library sends in place of what was registered. */
  readonly authentication?: openid.ClientAuth;
}

/** The generic personas, running, and clients of openid-client for them. */
export interface Club {
  readonly providers: Providers;
  /** Registers a new client, and discovers the issuer as it. */
  readonly clientOf: (asked: Asked) => Promise<openid.Configuration>;
}

/** Starts `openid` and the three `oidf-*`. Close the providers, or the process stays. */
export async function startClub(): Promise<Club> {
  const providers = await startProviders(rows([]), ['openid', 'oidf-basic', 'oidf-fapi2', 'oidf-cc']);
  const proofs = await allProofs();
  const { openid: generic, oidfBasic, oidfFapi2, oidfCc } = providers.origins;
  const issuers = { openid: generic, 'oidf-basic': oidfBasic, 'oidf-fapi2': oidfFapi2, 'oidf-cc': oidfCc };
  let registered = 0;
  return {
    providers,
    clientOf: async ({ persona, proof: name, metadata = {}, authentication }) => {
      const proof = proofs.find((each) => each.name === name);
      if (proof === undefined) throw new Error(`no proof ${name}`);
      const clientId = `club-${(registered += 1)}`;
      providers.register(persona, {
        client_id: clientId,
        redirect_uris: [CALLBACK],
        post_logout_redirect_uris: [SIGNED_OUT],
        grant_types: ['authorization_code', 'refresh_token'],
        ...proof.metadata,
        ...metadata,
      });
      const known = { id_token_signed_response_alg: metadata.id_token_signed_response_alg ?? 'RS256' };
      const isOauth = persona === 'oidf-cc';
      return openid.discovery(new URL(issuers[persona]), clientId, known, authentication ?? proof.authentication, {
        algorithm: isOauth ? 'oauth2' : 'oidc',
        execute: [openid.allowInsecureRequests, ...(isOauth ? [] : [openid.enableNonRepudiationChecks])],
        [openid.customFetch]: (url, init) => providers.fetch(url, { ...init, body: init.body ?? null }),
      });
    },
  };
}

/** A browser that goes no further than the club, and believes the private CA. */
export function newBrowser({ providers }: Club): Browser {
  return createBrowser((url, init) =>
    url.startsWith(CLIENT) ? Promise.resolve(new Response('')) : providers.browse(url, init),
  );
}

/** Signs a person in by the code flow with PKCE, `state` and `nonce`. */
export async function signedIn(
  config: openid.Configuration,
  wish: { readonly browser: Browser; readonly scope?: string; readonly pushed?: boolean },
): ReturnType<typeof openid.authorizationCodeGrant> {
  const { browser, scope = 'openid profile email offline_access', pushed = false } = wish;
  const checks = {
    pkceCodeVerifier: openid.randomPKCECodeVerifier(),
    expectedState: openid.randomState(),
    expectedNonce: openid.randomNonce(),
  };
  const parameters = {
    redirect_uri: CALLBACK,
    scope,
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await openid.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
  };
  const url = pushed
    ? await openid.buildAuthorizationUrlWithPAR(config, parameters)
    : openid.buildAuthorizationUrl(config, parameters);
  return openid.authorizationCodeGrant(config, await signInFor(browser, url), checks);
}

async function allProofs(): Promise<readonly Proof[]> {
  return [
    secret('client_secret_basic', openid.ClientSecretBasic(SECRET)),
    secret('client_secret_post', openid.ClientSecretPost(SECRET)),
    { name: 'none', metadata: { token_endpoint_auth_method: 'none' }, authentication: openid.None() },
    ...(await Promise.all(ALGORITHMS.map(async (alg) => assertion(await generatePrivateJwk(alg, `${alg}-key`), alg)))),
  ];
}

function secret(method: string, authentication: openid.ClientAuth): Proof {
  return { name: method, metadata: { token_endpoint_auth_method: method, client_secret: SECRET }, authentication };
}

async function assertion(jwk: PrivateJwk, alg: string): Promise<Proof> {
  const key = await importJWK({ ...jwk }, alg);
  if (!(key instanceof CryptoKey)) throw new Error('not an asymmetric key');
  return {
    name: `private_key_jwt ${alg}`,
    metadata: { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [publicJwk(jwk)] } },
    authentication: openid.PrivateKeyJwt({ key, kid: jwk.kid }),
  };
}
