import { randomUUID } from 'node:crypto';
import { idportenRegistration, ORGNO } from '../../src/idp/testing/registrations.ts';
import { guid } from '../../src/idp/testing/rows.ts';
import { generatePrivateJwk, importSigningKey } from '../../src/oauth/jwk.ts';
import type { SigningKey } from '../../src/oauth/jwk.ts';
import { codeChallenge, createCodeVerifier } from '../../src/oauth/pkce.ts';
import { redeemCode } from '../../src/providers/code-grant.ts';
import type { ClientCredential } from '../../src/providers/client-authentication.ts';
import { PROVIDER_KINDS } from '../../src/providers/kinds.ts';
import type { ProviderKindName } from '../../src/providers/kinds.ts';
import { createLoginClient } from '../../src/providers/login-client.ts';
import type { LoginClient } from '../../src/providers/login-client.ts';
import type { ProviderMetadata } from '../../src/providers/metadata.ts';
import { pushAuthorizationRequest } from '../../src/providers/pushed-request.ts';
import { createTokenEndpoint } from '../../src/oauth/token-endpoint/token-endpoint.ts';
import type { TokenEndpoint } from '../../src/oauth/token-endpoint/token-endpoint.ts';
import type { TokenSet } from '../../src/providers/tokens.ts';
import { app, azureApplication, client, grant, rows } from '../strangers/rows.ts';
import { now, startProviders } from '../strangers/providers.ts';
import type { Providers } from '../strangers/providers.ts';

/** Where our clients are sent back to; nobody listens there. */
const CALLBACK = 'http://127.0.0.1:7500/oauth2/callback';
/** Entra's clients: one that signs people in, one whose API it calls. */
export const DESK: string = guid(1);
export const API: string = guid(2);
/** One without key or secret, for which another issuer vouches. */
export const WORKER: string = guid(3);
/** That issuer, which signs with the same key, and what it calls the client. */
export const WORKLOADS = { issuer: 'https://workloads.example.test', subject: 'local:strangers:worker' } as const;

/** Every persona running, and a client of ours with the same key at each. */
export interface Sides {
  readonly providers: Providers;
  /** RS256, registered everywhere. */
  readonly key: SigningKey;
  /** ES256, registered at the generic personas, some of which take no other. */
  readonly elliptic: SigningKey;
  readonly signIn: (at: SignIn) => Promise<SignedIn>;
  readonly tokenEndpoint: (url: string) => TokenEndpoint;
}

/** A person signing in at a persona. */
interface SignIn {
  readonly kind: ProviderKindName;
  readonly issuer: string;
  readonly clientId: string;
  readonly hint: string;
  readonly scope: string;
  readonly elliptic?: boolean;
  /** Whose people may sign in where tenants share the issuer. */
  readonly tenants?: readonly string[];
  /** The client's key unless given. */
  readonly credential?: ClientCredential;
}

/** What our client has then. Close it. */
interface SignedIn {
  readonly client: LoginClient;
  readonly metadata: ProviderMetadata;
  readonly tokens: TokenSet;
}

/** The generic personas, and the grants they offer. */
const GENERIC = [
  ['openid', ['authorization_code', 'refresh_token', 'client_credentials']],
  ['oidf-basic', ['authorization_code', 'refresh_token']],
  ['oidf-fapi2', ['authorization_code', 'refresh_token']],
  ['oidf-cc', ['client_credentials']],
] as const;

/** Starts both sides. Close the providers, or the process stays. */
export async function startSides(): Promise<Sides> {
  const key = importSigningKey(await generatePrivateJwk('RS256', 'client-key'));
  const elliptic = importSigningKey(await generatePrivateJwk('ES256', 'elliptic-key'));
  const keys = [key.publicJwk];
  const scope = { owner: app('api'), ownerOrgno: '310000027', enabled: true, accessibleForAll: true, atMaxAge: 60 };
  const clients = [
    client('portal', 'portal', { keys, registration: idportenRegistration({ redirectUris: [CALLBACK] }) }),
    client('desk', DESK, { keys, registration: azureApplication('desk', 1, { redirectUris: [CALLBACK] }) }),
    client('api', API, { keys, registration: azureApplication('api', 2) }),
    client('worker', WORKER, {
      keys: [],
      registration: azureApplication('worker', 3, {
        redirectUris: [CALLBACK],
        secretHashes: [],
        federatedCredentials: [{ ...WORKLOADS, audience: 'api://AzureADTokenExchange', keys }],
      }),
    }),
    client('feed', 'feed', {
      keys,
      registration: { provider: 'maskinporten', orgno: ORGNO, scopes: ['demo:feed/read', 'demo:feed/closed'] },
    }),
  ];
  const scopes = [
    { ...scope, name: 'demo:feed/read', consumers: [] },
    { ...scope, name: 'demo:feed/closed', consumers: [], accessibleForAll: false },
  ];
  const grants = [grant('desk', 'api'), grant('worker', 'api')];
  const all = ['idporten', 'entra', 'maskinporten', 'openid', 'oidf-basic', 'oidf-fapi2', 'oidf-cc'] as const;
  const providers = await startProviders(rows(clients, { grants, scopes }), all);
  for (const [persona, offered] of GENERIC) {
    providers.register(persona, {
      client_id: 'generic',
      redirect_uris: [CALLBACK],
      grant_types: offered,
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [key.publicJwk, elliptic.publicJwk] },
      scope: 'openid profile offline_access demo:read',
    });
  }
  return {
    providers,
    key,
    elliptic,
    signIn: (at) => signIn(providers, at.elliptic === true ? elliptic : key, at),
    tokenEndpoint: (url) => createTokenEndpoint({ url: () => Promise.resolve(url), fetch: providers.fetch, now }),
  };
}

async function signIn(providers: Providers, key: SigningKey, at: SignIn): Promise<SignedIn> {
  const { fetch } = providers;
  const login = createLoginClient(
    {
      kind: PROVIDER_KINDS[at.kind],
      clientId: at.clientId,
      wellKnownUrl: `${at.issuer}/.well-known/openid-configuration`,
      credential: at.credential ?? { kind: 'key', key, assertionType: 'JWT' },
      local: { allowed: true, hosts: [] },
      tenants: at.tenants,
    },
    { fetch, now },
  );
  const metadata = await login.metadata.get();
  const checks = { state: randomUUID(), nonce: randomUUID(), codeVerifier: createCodeVerifier() };
  const parameters = new URLSearchParams({
    response_type: 'code',
    client_id: at.clientId,
    redirect_uri: CALLBACK,
    scope: at.scope,
    state: checks.state,
    nonce: checks.nonce,
    code_challenge: codeChallenge(checks.codeVerifier),
    code_challenge_method: 'S256',
    login_hint: at.hint,
  });
  const pushes = metadata.endpoint('pushed_authorization_request_endpoint') !== undefined;
  const query = pushes
    ? new URLSearchParams({
        client_id: at.clientId,
        request_uri: await pushAuthorizationRequest(login, metadata, parameters),
      })
    : parameters;
  const answer = await fetch(`${metadata.endpoint('authorization_endpoint')}?${query.toString()}`, {
    redirect: 'manual',
  });
  const location = new URL(answer.headers.get('location') ?? `none:${answer.status}`);
  const tokens = await redeemCode(login, metadata, {
    parameters: location.searchParams,
    redirectUri: CALLBACK,
    ...checks,
  });
  return { client: login, metadata, tokens };
}
