import { randomBytes, randomUUID } from 'node:crypto';
import { GRANT } from '../../oauth/client-assertion.ts';
import { stringClaim } from '../../oauth/jwt.ts';
import type { IdportenRegistration, Snapshot } from '../../registry/model.ts';
import { isSyntheticPid } from '../pid.ts';
import { rowOf } from '../engine/client.ts';
import { registrationOf } from './idporten-registration.ts';
import type { LocalClient } from '../engine/client.ts';
import { Refusal } from '../engine/refusal.ts';
import { authorizationCodeGrant, refreshTokenGrant } from '../engine/token.ts';
import type { AuthorizePolicy, ClientSite, Persona, Place, UserTokenRequest } from '../persona.ts';
import {
  IDPORTEN_CODE_REUSE_REVOKES,
  IDPORTEN_MAX_AGE,
  IDPORTEN_REQUEST_OBJECT,
  IDPORTEN_TESTID_LOW_ACR,
  IDPORTEN_TOKEN_URL_AUD,
} from '../unconfirmed.ts';
import { IDPORTEN_FAULTS } from './idporten-faults.ts';
import { readFurther } from './idporten-further.ts';
import { issueIdportenTokens, makeIdportenRefreshToken, subjectAt } from './idporten-tokens.ts';
import { manifestFix } from './manifest-fix.ts';

/** What clients ask for to be told about the tokens of others. */
const INTROSPECTION_SCOPE = 'idporten:token.introspection';
const MINUTE = 60;

/** Levels of assurance in rising order; `eidas-*` rank alike but are asked for by their own names. */
const RANKS = ['selfregistered-email', 'idporten-loa-low', 'idporten-loa-substantial', 'idporten-loa-high'];

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
    },
    userinfo: {
      tokenInBody: false,
      isAccessToken: (claims) => claims['token_type'] === 'Bearer',
      scope: undefined,
      answer: (realm, { claims }) => {
        const pid = stringClaim(claims, 'pid');
        return { sub: claims['sub'], pid, locale: pid === undefined ? undefined : realm.people.find(pid)?.locale };
      },
    },
    authorize: authorizePolicy(),
    logout: {
      path: () => '/logout',
      issInFrontchannel: true,
      unknownSession: 'error',
      isIdToken: (claims) => claims['token_type'] === undefined,
      printableState: true,
      returnNeedsClient: true,
      backchannel: {
        subject: (realm, client, { pid }) => subjectAt(realm, client.id, pid),
        typ: undefined,
        lifetimeSeconds: undefined,
      },
    },
    sso: { idleSeconds: 30 * MINUTE, absoluteSeconds: 120 * MINUTE },
    introspection: {
      permits: (client) => registrationOf(client).scopes.includes(INTROSPECTION_SCOPE),
      isAccessToken: (claims) => claims['token_type'] === 'Bearer',
    },
  };
}

function isRefresh({ call }: UserTokenRequest): boolean {
  return call.form.get('grant_type') === GRANT.refreshToken;
}

function judgeAudience(place: Place, audience: string): 'accepted' | 'outdated' | 'refused' {
  if (audience === place.issuer) return 'accepted';
  return audience === place.tokenEndpoint && IDPORTEN_TOKEN_URL_AUD === 'accept' ? 'outdated' : 'refused';
}

function authorizePolicy(): AuthorizePolicy {
  return {
    path: () => '/authorize',
    pushed: { prefix: 'urn:idporten:', lifetimeSeconds: 120 },
    issInAnswer: true,
    responseModes: ['query', 'form_post', 'query.jwt', 'form_post.jwt'],
    signedAnswerSeconds: 120,
    further: readFurther,
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
    sessionNamed:
      registration.frontchannelLogoutSessionRequired || registration.backchannelLogoutSessionRequired === true,
    ssoDisabled: registration.ssoDisabled,
    challengeRequired: registration.codeChallengeMethod === 'S256',
    grantTypes: registration.grantTypes.filter((grant) => grant !== GRANT.refreshToken || refreshable(registration)),
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
  const registered = registrationOf(client).scopes;
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
