import { randomBytes } from 'node:crypto';
import { GRANT } from '../../oauth/client-assertion.ts';
import { stringClaim } from '../../oauth/jwt.ts';
import type { Claims } from '../../oauth/jwt.ts';
import type { ClientBook } from '../clients/book.ts';
import { readWantedClaims } from '../engine/claims.ts';
import type { LocalClient } from '../engine/client.ts';
import { authorizationCodeGrant, refreshTokenGrant } from '../engine/token.ts';
import type { AssertionPolicy } from '../policy/assertion-policy.ts';
import type { LogoutPolicy } from '../policy/logout-policy.ts';
import type { Persona, TokenPolicy } from '../persona.ts';
import type { RealmParts } from '../realm-parts.ts';
import type { UserinfoPolicy } from '../policy/token-reading-policy.ts';
import type { OpenidClient } from '../clients/openid-client.ts';
import { words } from '../words.ts';
import { authorizePolicy } from './generic-authorize.ts';
import { claimsAbout, subjectOf } from './generic-claims.ts';
import { algorithmsOf, localClient } from './generic-client.ts';
import { errorParameters, GENERIC_FAULTS } from './generic-faults.ts';
import type { GenericSettings } from './generic-settings.ts';
import { clientCredentialsGrant, issueGenericTokens } from './generic-tokens.ts';

/** A provider by the book (RFC 6749, OpenID Connect Core 1.0), but for what its settings say. */
export function genericPersona(settings: GenericSettings, clients: Pick<ClientBook, 'openid'>): Persona {
  const seen = new WeakMap<OpenidClient, LocalClient>();
  const userFacing = settings.grantTypes.includes(GRANT.authorizationCode);
  return {
    name: settings.name,
    label: settings.label,
    provider: 'openid',
    repeatable: ['resource'],
    client: (_snapshot, clientId) => {
      const registered = clients.openid(settings.name, clientId);
      if (registered === undefined) return undefined;
      const known = seen.get(registered) ?? localClient(settings, registered);
      seen.set(registered, known);
      return known;
    },
    faults: GENERIC_FAULTS,
    errorBody: errorParameters,
    pageCode: (fault) => fault.error,
    token: tokenPolicy(settings),
    authorize: userFacing ? authorizePolicy(settings) : undefined,
    logout: userFacing ? logoutPolicy(settings) : undefined,
    introspection: { permits: () => true, isAccessToken },
    ...(userFacing ? { userinfo: userinfoPolicy(settings) } : {}),
  };
}

/** Only access tokens name the client that they were given to. */
export function isAccessToken(claims: Claims): boolean {
  return claims['client_id'] !== undefined;
}

function logoutPolicy(settings: GenericSettings): LogoutPolicy {
  const backchannel = {
    subject: (realm: RealmParts, client: LocalClient, { pid }: { readonly pid: string }) =>
      subjectOf(settings, realm, client.id, pid),
    typ: 'logout+jwt',
    lifetimeSeconds: 120,
    algorithm: (client: LocalClient) => algorithmsOf(settings, client).id,
  };
  return {
    path: () => '/logout',
    issInFrontchannel: true,
    unknownSession: 'goodbye',
    isIdToken: (claims) => !isAccessToken(claims) && claims['events'] === undefined,
    printableState: false,
    asks: true,
    returnNeedsClient: true,
    outlives: (scopes) => scopes.includes('offline_access'),
    ...(settings.backchannelLogout ? { backchannel } : {}),
  };
}

/** What the token's scopes tell, and what `claims` asked for by name (OpenID Connect Core 5.4 and 5.5). */
function userinfoPolicy(settings: GenericSettings): UserinfoPolicy {
  return {
    tokenInBody: settings.userinfoPost,
    isAccessToken,
    scope: 'openid',
    answer: (realm, { claims, grant }) => {
      const person = grant === undefined ? undefined : realm.people.find(grant.pid);
      if (person === undefined) return undefined;
      const scopes = words(stringClaim(claims, 'scope'));
      const wanted = [...readWantedClaims(grant?.sentClaims).userinfo.keys()];
      return { sub: claims['sub'], ...claimsAbout(person, scopes, wanted) };
    },
  };
}

function tokenPolicy(settings: GenericSettings): TokenPolicy {
  const grants = {
    [GRANT.authorizationCode]: authorizationCodeGrant,
    [GRANT.refreshToken]: refreshTokenGrant,
    [GRANT.clientCredentials]: clientCredentialsGrant(settings),
  };
  return {
    kind: 'clients',
    order: 'client-first',
    credentials: 'exactly-registered',
    assertion: assertionPolicy(settings),
    checkShape: () => {},
    grants: Object.fromEntries(Object.entries(grants).filter(([grant]) => settings.grantTypes.includes(grant))),
    superfluousVerifier: 'refused',
    codeReuseRevokes: true,
    refreshReuseRevokes: true,
    issue: issueGenericTokens(settings),
    makeRefreshToken: () => randomBytes(32).toString('base64url'),
  };
}

function assertionPolicy(settings: GenericSettings): AssertionPolicy {
  return {
    algorithms: settings.assertionAlgorithms,
    audience: (place, audience) => {
      if (audience === place.issuer) return 'accepted';
      return settings.assertionAudience === 'endpoint' && audience === place.tokenEndpoint ? 'accepted' : 'refused';
    },
    maxLifetimeSeconds: undefined,
    skewSeconds: 10,
    replay: 'refused',
    judgesIssuedAt: true,
    audiences: settings.assertionAudience === 'issuer' ? 'string' : 'several',
    onlyKeyUnnamed: true,
    keyNames: 'kid',
    clientIdBeside: 'optional',
    types: 'jwt',
  };
}
