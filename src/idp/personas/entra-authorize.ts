import { randomUUID } from 'node:crypto';
import { rowOf } from '../engine/client.ts';
import { Refusal } from '../engine/refusal.ts';
import type { FurtherRequest, UserGrant } from '../engine/user-grant.ts';
import type { AuthorizePolicy } from '../policy/authorize-policy.ts';
import type { ClientAt, RealmParts } from '../realm-parts.ts';
import type { Person } from '../people/person.ts';
import { ENTRA_50105_AUTHORIZE, ENTRA_MAX_AGE } from '../unconfirmed.ts';
import { isBrowserApplication, redirectMatches } from './entra-client.ts';
import { makeEntraCode } from './entra-credentials.ts';
import { entraErrorParameters } from './entra-errors.ts';
import { employeesAt, homeOf } from './entra-places.ts';
import type { EntraOptions } from './entra-places.ts';
import { requireGrant } from './entra-policy.ts';
import { readScope } from './entra-scope.ts';
import { clientInfoOf } from './entra-tokens.ts';

/** Authorization endpoint of Entra ID: no `iss`, PKCE for browser applications only, one API at a time. */
export function entraAuthorizePolicy(options: EntraOptions): AuthorizePolicy {
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
    further: checkChallenge,
    checkScopes: (site, scopes) => {
      if (scopes.length === 0) throw new Refusal('scope-missing', { client: site.client.id });
      askedAt(options, site, scopes);
    },
    requiredAcr: () => undefined,
    acrSatisfies: () => true,
    levels: [],
    hint: readHint,
    lowHint: 'page',
    choices: (realm, place) => employeesAt(options, realm.people.all(), place),
    home: (place, person) => homeOf(options, place, person),
    typedPid: false,
    admit: (site, person, scopes) => admit(options, site, person, scopes),
    onPage: [
      'hint-refused',
      'sign-in-unknown',
      'person-elsewhere',
      'session-elsewhere',
      ...(ENTRA_50105_AUTHORIZE === 'page' ? (['not-assigned'] as const) : []),
    ],
    codeLifetimeSeconds: 600,
    makeCode: makeEntraCode,
    makeSid: () => randomUUID(),
    extras: (realm, grant) => extras(options, realm, grant),
    errorParameters: (fault, context) => entraErrorParameters(options.origin, fault, context),
  };
}

/** Codes of browser applications are redeemed from another origin, and need PKCE. */
function checkChallenge({ client }: ClientAt, parameters: ReadonlyMap<string, string>): FurtherRequest {
  if (isBrowserApplication(client, parameters.get('redirect_uri')) && !parameters.has('code_challenge')) {
    throw new Refusal('challenge-cross-origin', { client: client.id });
  }
  return {};
}

function extras({ sessionState }: EntraOptions, realm: RealmParts, grant: UserGrant): Readonly<Record<string, string>> {
  const person = realm.people.find(grant.pid);
  return {
    ...(sessionState ? { session_state: grant.sid } : {}),
    ...(grant.clientInfo && person !== undefined ? { client_info: clientInfoOf(realm, grant.tenant, person) } : {}),
  };
}

/** May this person use this client, and this client the API for them? */
function admit(options: EntraOptions, site: ClientAt, person: Person, scopes: readonly string[]): void {
  const { realm, place, client } = site;
  if (person.employee === undefined) {
    throw new Refusal('hint-refused', { parameter: 'login_hint', client: client.id });
  }
  if (!employeesAt(options, [person], place).includes(person)) {
    throw new Refusal('person-elsewhere', { client: client.id, tenant: place.tenant });
  }
  const snapshot = realm.snapshot();
  const shared = { consumer: rowOf(client), tenant: place.tenant, userGroups: person.employee.groups };
  requireGrant(snapshot, { ...shared, target: rowOf(client), flow: 'login', asked: client.id });
  const { api } = askedAt(options, site, scopes);
  if (api !== undefined) requireGrant(snapshot, { ...shared, target: api.client, flow: 'obo', asked: api.prefix });
}

function askedAt(
  options: EntraOptions,
  { realm, place }: ClientAt,
  scopes: readonly string[],
): ReturnType<typeof readScope> {
  return readScope({ ...options, place, snapshot: realm.snapshot(), at: 'authorize' }, scopes);
}

/** `testid:<pid | NAVident | preferred_username>`. */
function readHint(hint: string, people: readonly Person[]): { readonly pid: string; readonly acr: string } | undefined {
  const person = people.find(({ pid, employee }) =>
    [pid, employee?.NAVident, employee?.preferredUsername].includes(hint),
  );
  return person === undefined ? undefined : { pid: person.pid, acr: '' };
}
