import { clientCredentialsGrant, genericGrantRequest } from 'openid-client';
import { idportenRegistration, ORGNO } from '../../src/idp/testing/registrations.ts';
import { guid } from '../../src/idp/testing/rows.ts';
import { signClientAssertion } from '../../src/oauth/client-assertion.ts';
import type { Fetch } from '../../src/oauth/fetch.ts';
import { generatePrivateJwk, importSigningKey, publicJwk } from '../../src/oauth/jwk.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';
import type { SnapshotData } from '../../src/registry/snapshot.ts';
import type { TestFetch } from '../local-fetch.ts';
import { startExchange } from './exchange.ts';
import { now, startProviders } from './providers.ts';
import { app, azureApplication, client, grant, rows, tokenxClient } from './rows.ts';
import { discover, userTokens } from './tokens.ts';
import type { ForeignClient } from './tokens.ts';

/** The resource that ID-porten and Maskinporten are asked to name as audience. */
export const RESOURCE = 'https://api.example.test';
/** Client ids at Entra ID. */
export const DESK: string = guid(1);
export const MIDDLE: string = guid(2);
export const API: string = guid(3);

/** Algorithms an audience may ask TokenX for, beside the default. */
export const OTHER_ALGORITHMS = ['ES256', 'EdDSA', 'PS256'] as const;

/** One token of every kind that the platform issues, by what it is called. */
export interface EveryToken {
  readonly idportenId: string;
  readonly idportenAccess: string;
  readonly entraId: string;
  readonly entraAccess: string;
  readonly entraOnBehalfOf: string;
  readonly entraApplication: string;
  readonly maskinporten: string;
  readonly tokenx: string;
  readonly tokenxSecondHop: string;
  readonly tokenxIn: Readonly<Record<(typeof OTHER_ALGORITHMS)[number], string>>;
}

/** The issuers, running, and what they issued. */
export interface Issued {
  readonly tokens: EveryToken;
  readonly issuers: Readonly<Record<'idporten' | 'entra' | 'maskinporten' | 'tokenx', string>>;
  readonly fetch: Fetch;
  close(): Promise<void>;
}

const CALLBACK = 'https://app.example.test/oauth2/callback';
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

interface World extends Omit<Issued, 'tokens'> {
  readonly jwk: PrivateJwk;
  readonly browse: TestFetch;
}

/** Starts every issuer and gets every token through a foreign client. Close it, or the process stays. */
export async function issueEverything(): Promise<Issued> {
  const jwk = await generatePrivateJwk('RS256', 'client-key');
  const providers = await startProviders(everyRow(jwk));
  const { issuers, registry, fetch, browse } = providers;
  const wellKnown = `${issuers.idporten}/.well-known/openid-configuration`;
  const trusted = [{ name: 'idporten', wellKnown, bind: { clientId: '@registry' }, map: 'idporten-acr' }];
  const running = [(): Promise<void> => providers.close()];
  const close = async (): Promise<void> => {
    for (const stop of running.toReversed()) await stop();
  };
  try {
    const exchange = await startExchange({ registry, fetch, issuers: trusted });
    running.push(() => exchange.close());
    const world: World = { issuers: { ...issuers, tokenx: exchange.issuer }, fetch, browse, jwk, close };
    const [citizen, employee] = [await citizenTokens(world), await employeeTokens(world)];
    return { ...world, tokens: { ...citizen, ...employee, maskinporten: await machineToken(world) } };
  } catch (error) {
    await close();
    throw error;
  }
}

function everyRow(jwk: PrivateJwk): SnapshotData {
  const keys = [publicJwk(jwk)];
  const redirectUris = [CALLBACK];
  const azure = (name: string, number: number): ReturnType<typeof client> =>
    client(name, guid(number), { keys, registration: azureApplication(name, number, { redirectUris }) });
  const clients = [
    client('portal', 'portal-id', { keys, registration: idportenRegistration({ redirectUris }) }),
    client('feed', 'feed-id', {
      keys,
      registration: { provider: 'maskinporten', orgno: ORGNO, scopes: ['demo:feed'] },
    }),
    tokenxClient('portal', keys),
    tokenxClient('api', keys),
    tokenxClient('store'),
    ...OTHER_ALGORITHMS.map((alg) => tokenxClient(alg.toLowerCase(), [], { alg, typ: 'at+jwt' })),
    azure('desk', 1),
    azure('middle', 2),
    azure('api', 3),
  ];
  const grants = [
    grant('portal', 'api'),
    grant('api', 'store'),
    ...OTHER_ALGORITHMS.map((alg) => grant('portal', alg.toLowerCase())),
    grant('desk', 'middle'),
    grant('middle', 'api'),
    grant('desk', 'api'),
  ];
  const scope = { name: 'demo:feed', owner: app('api'), ownerOrgno: '310000027', enabled: true, atMaxAge: 60 };
  return rows(clients, { grants, scopes: [{ ...scope, consumers: [ORGNO], accessibleForAll: false }] });
}

function foreignClient(world: World, issuer: keyof World['issuers'], clientId: string): ForeignClient {
  return { issuer: world.issuers[issuer], clientId, jwk: world.jwk, fetch: world.fetch };
}

async function citizenTokens(
  world: World,
): Promise<Pick<EveryToken, 'idportenId' | 'idportenAccess' | 'tokenx' | 'tokenxSecondHop' | 'tokenxIn'>> {
  const config = await discover(foreignClient(world, 'idporten', 'portal-id'));
  const login = { redirectUri: CALLBACK, scope: 'openid profile', resource: RESOURCE, browse: world.browse };
  const user = await userTokens(config, login);
  const tokenx = await exchanged(world, 'portal', user.access_token, 'api');
  const [ES256, EdDSA, PS256] = [
    await exchanged(world, 'portal', user.access_token, 'es256'),
    await exchanged(world, 'portal', user.access_token, 'eddsa'),
    await exchanged(world, 'portal', user.access_token, 'ps256'),
  ];
  return {
    idportenId: user.id_token ?? '',
    idportenAccess: user.access_token,
    tokenx,
    tokenxSecondHop: await exchanged(world, 'api', tokenx, 'store'),
    tokenxIn: { ES256, EdDSA, PS256 },
  };
}

async function exchanged(world: World, caller: string, subjectToken: string, target: string): Promise<string> {
  const config = await discover(foreignClient(world, 'tokenx', app(caller)));
  const answer = await genericGrantRequest(config, TOKEN_EXCHANGE, {
    subject_token: subjectToken,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    audience: app(target),
  });
  return answer.access_token;
}

async function employeeTokens(
  world: World,
): Promise<Pick<EveryToken, 'entraId' | 'entraAccess' | 'entraOnBehalfOf' | 'entraApplication'>> {
  const desk = await discover(foreignClient(world, 'entra', DESK));
  const middle = await discover(foreignClient(world, 'entra', MIDDLE));
  const login = { redirectUri: CALLBACK, scope: `openid api://${MIDDLE}/.default`, browse: world.browse };
  const user = await userTokens(desk, login);
  const next = await genericGrantRequest(middle, JWT_BEARER, {
    assertion: user.access_token,
    requested_token_use: 'on_behalf_of',
    scope: `api://${API}/.default`,
  });
  const machine = await clientCredentialsGrant(desk, { scope: `api://${API}/.default` });
  return {
    entraId: user.id_token ?? '',
    entraAccess: user.access_token,
    entraOnBehalfOf: next.access_token,
    entraApplication: machine.access_token,
  };
}

async function machineToken(world: World): Promise<string> {
  const assertion = await signClientAssertion({
    key: importSigningKey(world.jwk),
    clientId: 'feed-id',
    audience: world.issuers.maskinporten,
    now: now(),
    claims: { scope: 'demo:feed', resource: [RESOURCE] },
    omitSubject: true,
  });
  const config = await discover({ ...foreignClient(world, 'maskinporten', 'feed-id'), algorithm: 'oauth2' });
  return (await genericGrantRequest(config, JWT_BEARER, { assertion })).access_token;
}
