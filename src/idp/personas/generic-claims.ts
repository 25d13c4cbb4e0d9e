import { readWantedClaims } from '../engine/claims.ts';
import type { UserGrant } from '../engine/user-grant.ts';
import type { RealmParts } from '../realm-parts.ts';
import type { Person } from '../people/person.ts';
import { SCOPE_CLAIMS, standardClaims } from '../people/standard-claims.ts';
import type { GenericSettings } from './generic-settings.ts';

/** What a person is called at a client (OpenID Connect Core 8). */
export function subjectOf(settings: GenericSettings, realm: RealmParts, clientId: string, pid: string): string {
  return settings.subjects === 'public'
    ? realm.seed.name(settings.name, 'sub', pid)
    : realm.seed.name(settings.name, 'sub', clientId, pid);
}

/** Standard claims by scope, and further ones by name. */
export function claimsAbout(
  person: Person,
  scopes: readonly string[],
  names: readonly string[],
): Readonly<Record<string, unknown>> {
  const known = standardClaims(person);
  const told = [...scopes.flatMap((scope) => SCOPE_CLAIMS[scope] ?? []), ...names];
  return Object.fromEntries(told.filter((name) => Object.hasOwn(known, name)).map((name) => [name, known[name]]));
}

/** What `claims` asked for by name in the ID token. */
export function wantedInIdToken(realm: RealmParts, grant: UserGrant): Readonly<Record<string, unknown>> {
  const wanted = [...readWantedClaims(grant.sentClaims).idToken.keys()];
  const person = wanted.length === 0 ? undefined : realm.people.find(grant.pid);
  return person === undefined ? {} : claimsAbout(person, [], wanted);
}
