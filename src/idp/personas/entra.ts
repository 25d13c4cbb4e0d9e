import { randomBytes } from 'node:crypto';
import { GRANT } from '../../oauth/client-assertion.ts';
import type { Persona, TokenPolicy } from '../persona.ts';
import { ENTRA_FRONTCHANNEL_ISS } from '../unconfirmed.ts';
import { entraAuthorizePolicy } from './entra-authorize.ts';
import { findEntraClient } from './entra-client.ts';
import { checkShape, isAudience } from './entra-credentials.ts';
import { entraErrorBody, entraPageCode } from './entra-errors.ts';
import { ENTRA_FAULTS } from './entra-faults.ts';
import { clientCredentialsGrant, codeGrant, onBehalfOfGrant, refreshGrant } from './entra-grants.ts';
import { issueEntraTokens } from './entra-issue.ts';
import { placeIn } from './entra-places.ts';
import type { EntraOptions } from './entra-places.ts';

/** Entra ID v2.0, faithful: no `iss` in answers, old refresh tokens stay, assertions may come twice. */
export function entraPersona(options: EntraOptions): Persona {
  return {
    name: 'entra',
    label: 'Entra ID',
    provider: 'azure',
    client: (snapshot, clientId, place) => findEntraClient(options.tenants, snapshot, clientId, place),
    faults: ENTRA_FAULTS,
    errorBody: (fault, context) => entraErrorBody(options.origin, fault, context),
    pageCode: entraPageCode,
    token: tokenPolicy(options),
    authorize: entraAuthorizePolicy(options),
    logout: {
      path: (place) => `/${place.tenant}/oauth2/v2.0/logout`,
      issInFrontchannel: ENTRA_FRONTCHANNEL_ISS === 'present',
      unknownSession: 'goodbye',
      isIdToken: (claims) => claims['azp'] === undefined,
      printableState: false,
      returnNeedsClient: false,
      home: (place, tenant) => (place.shared === true ? placeIn(options.origin, tenant) : place),
    },
  };
}

function tokenPolicy(options: EntraOptions): TokenPolicy {
  return {
    kind: 'clients',
    order: 'grant-first',
    credentials: 'assertion-wins',
    assertion: {
      algorithms: ['RS256', 'PS256'],
      audience: (place, audience) => (isAudience(options, place, audience) ? 'accepted' : 'refused'),
      maxLifetimeSeconds: undefined,
      skewSeconds: 300,
      judgesIssuedAt: false,
      audiences: 'one',
      replay: 'accepted',
      keyNames: 'certificate',
      clientIdBeside: 'optional',
      federated: true,
      types: 'any',
    },
    grants: {
      [GRANT.authorizationCode]: (call) => codeGrant(options, call),
      [GRANT.refreshToken]: (call) => refreshGrant(options, call),
      [GRANT.clientCredentials]: (call) => clientCredentialsGrant(options, call),
      [GRANT.jwtBearer]: (call) => onBehalfOfGrant(options, call),
    },
    checkShape,
    superfluousVerifier: 'accepted',
    codeReuseRevokes: false,
    issue: (request) => issueEntraTokens(options, request),
    makeRefreshToken: () => `1.A${randomBytes(96).toString('base64url')}`,
  };
}
