import { randomBytes, randomUUID } from 'node:crypto';
import { GRANT } from '../../oauth/client-assertion.ts';
import type { IdportenRegistration, Snapshot } from '../../registry/model.ts';
import { isSyntheticPid } from '../pid.ts';
import { rowOf } from '../engine/client.ts';
import type { LocalClient } from '../engine/client.ts';
import { Refusal } from '../engine/refusal.ts';
import { authorizationCodeGrant, refreshTokenGrant } from '../engine/token.ts';
import type { AuthorizePolicy, ClientSite, Persona, Place } from '../persona.ts';
import {
  IDPORTEN_CODE_REUSE_REVOKES,
  IDPORTEN_MAX_AGE,
  IDPORTEN_REQUEST_OBJECT,
  IDPORTEN_TESTID_LOW_ACR,
  IDPORTEN_TOKEN_URL_AUD,
} from '../unconfirmed.ts';
import { IDPORTEN_FAULTS } from './idporten-faults.ts';
import { issueIdportenTokens, makeIdportenRefreshToken } from './idporten-tokens.ts';
import { manifestFix } from './manifest-fix.ts';

/** Levels of assurance in rising order; `eidas-*` rank alike but are asked for by their own names. */
const RANKS = ['selfregistered-email', 'idporten-loa-low', 'idporten-loa-substantial', 'idporten-loa-high'];

/** ID-porten, faithful: what the real service lacks is missing here too. */
export const idporten: Persona = {
  name: 'idporten',
  label: 'ID-porten',
  provider: 'idporten',
  client: findClient,
  faults: IDPORTEN_FAULTS,
  errorBody: (fault, context) => ({
    error: fault.error,
    error_description: `${fault.text} (correlation id: ${context.correlationId ?? randomUUID()})`,
  }),
  pageCode: (fault) => fault.error,
  token: {
    kind: 'clients',
    order: 'client-first',
    credentials: 'exactly-registered',
    assertion: {
      algorithms: ['RS256', 'RS384', 'RS512'],
      audience: judgeAudience,
      maxLifetimeSeconds: 120,
      skewSeconds: 10,
      replay: 'refused',
      keyNames: 'kid',
      clientIdBeside: 'required',
      types: 'jwt',
    },
    checkShape: () => {},
    grants: { [GRANT.authorizationCode]: authorizationCodeGrant, [GRANT.refreshToken]: refreshTokenGrant },
    superfluousVerifier: 'refused',
    codeReuseRevokes: IDPORTEN_CODE_REUSE_REVOKES,
    issue: issueIdportenTokens,
    makeRefreshToken: makeIdportenRefreshToken,
  },
  authorize: authorizePolicy(),
  logout: {
    path: () => '/logout',
    issInFrontchannel: true,
    unknownSession: 'error',
    isIdToken: (claims) => claims['token_type'] === undefined,
    printableState: true,
    returnNeedsClient: true,
  },
};

function judgeAudience(place: Place, audience: string): 'accepted' | 'outdated' | 'refused' {
  if (audience === place.issuer) return 'accepted';
  return audience === place.tokenEndpoint && IDPORTEN_TOKEN_URL_AUD === 'accept' ? 'outdated' : 'refused';
}

function authorizePolicy(): AuthorizePolicy {
  return {
    path: () => '/authorize',
    pushed: { prefix: 'urn:idporten:', lifetimeSeconds: 120 },
    issInAnswer: true,
    responseModes: ['query', 'form_post'],
    challengeMethods: ['S256'],
    redirectMatches: (registered, uri) => registered.includes(uri),
    stateAndNonce: 'public-clients',
    resource: 'audience',
    requestObjects: IDPORTEN_REQUEST_OBJECT,
    maxAge: IDPORTEN_MAX_AGE,
    checkScopes,
    requiredAcr,
    acrSatisfies: (acr, required) => required === undefined || rankOf(acr) >= rankOf(required),
    levels: [
      { value: 'substantial', acr: 'idporten-loa-substantial' },
      { value: 'high', acr: 'idporten-loa-high' },
    ],
    hint: readHint,
    lowHint: IDPORTEN_TESTID_LOW_ACR,
    choices: (realm) => realm.people.all(),
    typedPid: true,
    admit: () => {},
    onPage: ['hint-refused', 'sign-in-unknown'],
    codeLifetimeSeconds: 120,
    makeCode: () => `${randomBytes(16).toString('base64url')}.${randomBytes(32).toString('base64url')}`,
    makeSid: () => randomBytes(32).toString('base64url'),
    extras: () => ({}),
    errorParameters: (fault) => ({ error: fault.error, error_description: fault.text }),
  };
}

function findClient(snapshot: Snapshot, clientId: string): LocalClient | undefined {
  const row = snapshot.client('idporten', clientId);
  if (row === undefined || row.state !== 'ready' || snapshot.app(row.app)?.state !== 'active') return undefined;
  const { registration } = row;
  if (registration.provider !== 'idporten') return undefined;
  return {
    id: row.clientId,
    name: row.app,
    authMethods: [registration.tokenEndpointAuthMethod],
    secretHashes: registration.secretHashes,
    keys: row.keys,
    redirectUris: registration.redirectUris,
    postLogoutRedirectUris: registration.postLogoutRedirectUris,
    frontchannelLogoutUri: registration.frontchannelLogoutUri,
    backchannelLogoutUri: registration.backchannelLogoutUri,
    sessionNamed: registration.frontchannelLogoutSessionRequired || registration.backchannelLogoutUri !== undefined,
    ssoDisabled: registration.ssoDisabled,
    challengeRequired: registration.codeChallengeMethod === 'S256',
    grantTypes: registration.grantTypes,
    refresh: {
      issued: refreshable(registration) ? 'always' : 'never',
      lifetimeSeconds: registration.refreshTokenLifetime,
      authorizationSeconds: registration.authorizationLifetime,
      usage: registration.refreshTokenUsage === 'REUSE' ? 'reuse' : 'one-time',
    },
    row,
    openid: undefined,
  };
}

/** A client without a credential may not refresh. */
function refreshable(registration: IdportenRegistration): boolean {
  return registration.tokenEndpointAuthMethod !== 'none' && registration.grantTypes.includes(GRANT.refreshToken);
}

function checkScopes({ realm, client }: ClientSite, scopes: readonly string[]): void {
  const { registration } = rowOf(client);
  const registered = registration.provider === 'idporten' ? registration.scopes : [];
  if (!scopes.includes('openid')) throw new Refusal('scope-missing', { client: client.id });
  const unknown = scopes.find((scope) => !registered.includes(scope));
  if (unknown === undefined) return;
  const fix = manifestFix(realm.snapshot(), {
    app: rowOf(client).app,
    path: 'spec.idporten.scopes',
    add: `- ${unknown}`,
  });
  throw new Refusal('scope-unknown', { scope: unknown, client: client.id }, fix);
}

/** The lowest level asked for: any of the values satisfies, so none above it may be demanded. */
function requiredAcr(values: readonly string[]): string | undefined {
  if (values.length === 0) return undefined;
  const known = values.filter((value) => rankOf(value) >= 0).toSorted((a, b) => rankOf(a) - rankOf(b));
  if (known[0] === undefined) throw new Refusal('acr-unknown', { parameter: 'acr_values' });
  return known[0];
}

function rankOf(acr: string): number {
  return RANKS.indexOf(acr.replace(/^eidas-/, 'idporten-'));
}

/** `testid:<pid>_<acr>`, exactly. */
function readHint(hint: string): { readonly pid: string; readonly acr: string } | undefined {
  const [, pid = '', acr = ''] = /^(\d{11})_([a-z-]+)$/.exec(hint) ?? [];
  return isSyntheticPid(pid) && rankOf(acr) >= 0 ? { pid, acr } : undefined;
}
