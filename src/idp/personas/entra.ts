import { randomBytes, randomUUID } from 'node:crypto';
import { GRANT } from '../../oauth/client-assertion.ts';
import type { Snapshot } from '../../registry/model.ts';
import { rowOf } from '../engine/client.ts';
import type { LocalClient } from '../engine/client.ts';
import { Refusal } from '../engine/refusal.ts';
import { authorizationCodeGrant, refreshTokenGrant } from '../engine/token.ts';
import type { AuthorizePolicy, ClientCall, ClientSite, Persona, Place, TokenPolicy } from '../persona.ts';
import type { Person } from '../person.ts';
import type { Tenants } from '../tenants.ts';
import { ENTRA_50105_AUTHORIZE, ENTRA_FRONTCHANNEL_ISS, ENTRA_MAX_AGE } from '../unconfirmed.ts';
import { checkShape, isAudience, makeEntraCode } from './entra-credentials.ts';
import { entraErrorBody, entraErrorParameters, entraPageCode } from './entra-errors.ts';
import { ENTRA_FAULTS } from './entra-faults.ts';
import { clientCredentialsGrant, issueEntraTokens, onBehalfOfGrant } from './entra-grants.ts';
import type { EntraSetting } from './entra-grants.ts';
import { requireGrant } from './entra-policy.ts';
import { readScope } from './entra-scope.ts';
import { clientInfoOf } from './entra-tokens.ts';

/** Where the local Entra ID and its Graph are, and which tenants it has. */
export interface EntraOptions {
  readonly origin: string;
  readonly graphOrigin: string;
  readonly tenants: Tenants;
}

const DAY = 24 * 60 * 60;

/** Entra ID v2.0, faithful: no `iss` in answers, old refresh tokens stay, assertions may come twice. */
export function entraPersona(options: EntraOptions): Persona {
  const setting: EntraSetting = {
    scopeContext: ({ realm, place }) => ({ ...options, place, snapshot: realm.snapshot() }),
    employees: ({ realm, place }) => employeesOf(options.tenants, realm.people.all(), place),
  };
  return {
    name: 'entra',
    label: 'Entra ID',
    provider: 'azure',
    client: (snapshot, clientId, place) => findClient(options.tenants, snapshot, clientId, place),
    faults: ENTRA_FAULTS,
    errorBody: (fault, context) => entraErrorBody(options.origin, fault, context),
    pageCode: entraPageCode,
    token: tokenPolicy(options, setting),
    authorize: authorizePolicy(options, setting),
    logout: {
      path: (place) => `/${place.tenant}/oauth2/v2.0/logout`,
      issInFrontchannel: ENTRA_FRONTCHANNEL_ISS === 'present',
      unknownSession: 'goodbye',
      isIdToken: (claims) => claims['azp'] === undefined,
      printableState: false,
      returnNeedsClient: false,
    },
  };
}

function tokenPolicy(options: EntraOptions, setting: EntraSetting): TokenPolicy {
  return {
    kind: 'clients',
    order: 'grant-first',
    credentials: 'assertion-wins',
    assertion: {
      algorithms: ['RS256', 'PS256'],
      audience: (place, audience) => (isAudience(options, place, audience) ? 'accepted' : 'refused'),
      maxLifetimeSeconds: undefined,
      skewSeconds: 300,
      replay: 'accepted',
      keyNames: 'certificate',
      clientIdBeside: 'optional',
      types: 'any',
    },
    grants: {
      [GRANT.authorizationCode]: authorizationCodeGrant,
      [GRANT.refreshToken]: refreshTokenGrant,
      [GRANT.clientCredentials]: (call) => clientCredentialsGrant(setting, call),
      [GRANT.jwtBearer]: (call: ClientCall) => onBehalfOfGrant(setting, call),
    },
    checkShape,
    superfluousVerifier: 'accepted',
    codeReuseRevokes: false,
    issue: (request) => issueEntraTokens(setting, request),
    makeRefreshToken: () => `1.A${randomBytes(96).toString('base64url')}`,
  };
}

function authorizePolicy(options: EntraOptions, setting: EntraSetting): AuthorizePolicy {
  return {
    path: (place) => `/${place.tenant}/oauth2/v2.0/authorize`,
    pushed: undefined,
    issInAnswer: false,
    responseModes: ['query', 'fragment', 'form_post'],
    challengeMethods: ['S256', 'plain'],
    redirectMatches,
    stateAndNonce: 'optional',
    resource: 'refused',
    requestObjects: 'refuse',
    maxAge: ENTRA_MAX_AGE,
    checkScopes: (site, scopes) => {
      if (scopes.length === 0) throw new Refusal('scope-missing', { client: site.client.id });
      readScope(setting.scopeContext(site), scopes);
    },
    requiredAcr: () => undefined,
    acrSatisfies: () => true,
    levels: [],
    hint: readHint,
    lowHint: 'page',
    choices: (realm, place) => setting.employees({ realm, place }),
    typedPid: false,
    admit: (site, person, scopes) => admit(setting, site, person, scopes),
    onPage: [
      'hint-refused',
      'sign-in-unknown',
      ...(ENTRA_50105_AUTHORIZE === 'page' ? (['not-assigned'] as const) : []),
    ],
    codeLifetimeSeconds: 600,
    makeCode: makeEntraCode,
    makeSid: () => randomUUID(),
    extras: (realm, grant) => {
      const person = realm.people.find(grant.pid);
      return grant.clientInfo && person !== undefined ? { client_info: clientInfoOf(realm, grant.tenant, person) } : {};
    },
    errorParameters: (fault, context) => entraErrorParameters(options.origin, fault, context),
  };
}

function findClient(tenants: Tenants, snapshot: Snapshot, clientId: string, place: Place): LocalClient | undefined {
  const row = snapshot.client('azure', clientId);
  if (row === undefined || row.state !== 'ready' || snapshot.app(row.app)?.state !== 'active') return undefined;
  const { registration } = row;
  if (registration.provider !== 'azure' || tenants.named(registration.tenant) !== place.tenant) return undefined;
  return {
    id: row.clientId,
    name: registration.displayName,
    authMethods: ['private_key_jwt', 'client_secret_post', 'client_secret_basic'],
    secretHashes: registration.secretHashes,
    keys: row.keys,
    redirectUris: registration.redirectUris,
    // Entra knows one list: a return address is a redirect URI.
    postLogoutRedirectUris: registration.redirectUris,
    frontchannelLogoutUri: registration.frontchannelLogoutUri,
    backchannelLogoutUri: undefined,
    sessionNamed: true,
    ssoDisabled: false,
    challengeRequired: false,
    grantTypes: [GRANT.authorizationCode, GRANT.refreshToken, GRANT.clientCredentials, GRANT.jwtBearer],
    refresh: {
      issued: 'with-offline_access',
      lifetimeSeconds: 90 * DAY,
      authorizationSeconds: 36_500 * DAY,
      usage: 'old-stays',
    },
    row,
    openid: undefined,
  };
}

function employeesOf(tenants: Tenants, people: readonly Person[], place: Place): readonly Person[] {
  return people.filter(
    (person) => person.employee !== undefined && tenants.named(person.employee.tenant) === place.tenant,
  );
}

/** May this person use this client, and this client the API for them? */
function admit(setting: EntraSetting, site: ClientSite, person: Person, scopes: readonly string[]): void {
  if (!setting.employees(site).some(({ pid }) => pid === person.pid)) {
    throw new Refusal('hint-refused', { parameter: 'login_hint', client: site.client.id });
  }
  const snapshot = site.realm.snapshot();
  const shared = { consumer: rowOf(site.client), tenant: site.place.tenant, userGroups: person.employee?.groups ?? [] };
  requireGrant(snapshot, { ...shared, target: rowOf(site.client), flow: 'login', asked: site.client.id });
  const { api } = readScope(setting.scopeContext(site), scopes);
  if (api !== undefined) requireGrant(snapshot, { ...shared, target: api.client, flow: 'obo', asked: api.prefix });
}

/** Exact; for `http://localhost` any port (RFC 8252 7.3). */
function redirectMatches(registered: readonly string[], uri: string): boolean {
  if (registered.includes(uri)) return true;
  const bare = withoutLocalPort(uri);
  return bare !== undefined && registered.some((known) => withoutLocalPort(known) === bare);
}

function withoutLocalPort(uri: string): string | undefined {
  return /^http:\/\/localhost(?=[:/])/.test(uri)
    ? uri.replace(/^http:\/\/localhost(:\d+)?/, 'http://localhost')
    : undefined;
}

/** `testid:<pid | NAVident | preferred_username>`. */
function readHint(hint: string, people: readonly Person[]): { readonly pid: string; readonly acr: string } | undefined {
  const person = people.find(({ pid, employee }) =>
    [pid, employee?.NAVident, employee?.preferredUsername].includes(hint),
  );
  return person === undefined ? undefined : { pid: person.pid, acr: '' };
}
