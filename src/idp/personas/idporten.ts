import { randomUUID } from 'node:crypto';
import { GRANT } from '../../oauth/client-assertion.ts';
import { stringClaim } from '../../oauth/jwt.ts';
import type { Claims } from '../../oauth/jwt.ts';
import { authorizationCodeGrant, refreshTokenGrant } from '../engine/token.ts';
import type { ClientsPolicy, Persona, UserTokenRequest } from '../persona.ts';
import type { LogoutPolicy } from '../policy/logout-policy.ts';
import type { UserinfoPolicy } from '../policy/token-reading-policy.ts';
import type { Place } from '../place.ts';
import { IDPORTEN_CODE_REUSE_REVOKES, IDPORTEN_TOKEN_URL_AUD } from '../unconfirmed.ts';
import { idportenAuthorizePolicy } from './idporten-authorize.ts';
import { IDPORTEN_FAULTS } from './idporten-faults.ts';
import { findIdportenClient, registrationOf } from './idporten-registration.ts';
import { issueIdportenTokens, makeIdportenRefreshToken, subjectAt } from './idporten-tokens.ts';

/** What clients ask for to be told about the tokens of others. */
const INTROSPECTION_SCOPE = 'idporten:token.introspection';
const MINUTE = 60;

/** What a local ID-porten may be told to do otherwise. */
interface IdportenOptions {
  /** Whether a refresh gives a new ID token too. */
  readonly refreshedIdToken: boolean;
}

/** ID-porten, faithful: what the real service lacks is missing here too. */
export function idportenPersona({ refreshedIdToken }: IdportenOptions): Persona {
  return {
    name: 'idporten',
    label: 'ID-porten',
    provider: 'idporten',
    client: findIdportenClient,
    faults: IDPORTEN_FAULTS,
    errorBody: (fault, context) => ({
      error: fault.error,
      error_description: `${fault.text} (correlation id: ${context.correlationId ?? randomUUID()})`,
    }),
    pageCode: (fault) => fault.error,
    token: tokenPolicy(refreshedIdToken),
    userinfo: USERINFO,
    authorize: idportenAuthorizePolicy(),
    logout: LOGOUT,
    sso: { idleSeconds: 30 * MINUTE, absoluteSeconds: 120 * MINUTE },
    introspection: {
      permits: (client) => registrationOf(client).scopes.includes(INTROSPECTION_SCOPE),
      isAccessToken,
    },
  };
}

const USERINFO: UserinfoPolicy = {
  tokenInBody: false,
  isAccessToken,
  scope: undefined,
  answer: (realm, { claims }) => {
    const pid = stringClaim(claims, 'pid');
    return { sub: claims['sub'], pid, locale: pid === undefined ? undefined : realm.people.find(pid)?.locale };
  },
};

const LOGOUT: LogoutPolicy = {
  path: () => '/logout',
  issInFrontchannel: true,
  unknownSession: 'error',
  isIdToken: (claims) => claims['token_type'] === undefined,
  printableState: true,
  returnNeedsClient: true,
  backchannel: {
    sameHost: true,
    subject: (realm, client, { pid }) => subjectAt(realm, client.id, pid),
    typ: undefined,
    lifetimeSeconds: undefined,
  },
};

function tokenPolicy(refreshedIdToken: boolean): ClientsPolicy {
  return {
    kind: 'clients',
    order: 'client-first',
    credentials: 'exactly-registered',
    assertion: {
      algorithms: ['RS256', 'RS384', 'RS512'],
      audience: judgeAudience,
      maxLifetimeSeconds: 120,
      skewSeconds: 10,
      judgesIssuedAt: true,
      audiences: 'one',
      replay: 'refused',
      keyNames: 'kid',
      businessCertificates: true,
      clientIdBeside: 'required',
      types: 'jwt',
    },
    checkShape: () => {},
    grants: { [GRANT.authorizationCode]: authorizationCodeGrant, [GRANT.refreshToken]: refreshTokenGrant },
    superfluousVerifier: 'refused',
    codeReuseRevokes: IDPORTEN_CODE_REUSE_REVOKES,
    issue: (request) => issueIdportenTokens(request, { idToken: refreshedIdToken || !isRefresh(request) }),
    makeRefreshToken: makeIdportenRefreshToken,
  };
}

/** ID tokens and logout tokens have no such claim. */
function isAccessToken(claims: Claims): boolean {
  return claims['token_type'] === 'Bearer';
}

function isRefresh({ call }: UserTokenRequest): boolean {
  return call.form.get('grant_type') === GRANT.refreshToken;
}

function judgeAudience(place: Place, audience: string): 'accepted' | 'outdated' | 'refused' {
  if (audience === place.issuer) return 'accepted';
  return audience === place.tokenEndpoint && IDPORTEN_TOKEN_URL_AUD === 'accept' ? 'outdated' : 'refused';
}
