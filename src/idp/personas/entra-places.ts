import type { Place } from '../place.ts';
import type { Person } from '../people/person.ts';
import type { Tenants } from '../tenants.ts';

/** Where the local Entra ID and its Graph are, and which tenants it has. */
export interface EntraOptions {
  readonly origin: string;
  readonly graphOrigin: string;
  readonly tenants: Tenants;
  /** Whether answers to authorization requests name the session (`session_state`). */
  readonly sessionState: boolean;
}

/** A tenant's own place; its names carry the GUID, whatever the path said. */
export function placeIn(origin: string, tenant: string): Place {
  const base = `${origin}/${tenant}`;
  return { issuer: `${base}/v2.0`, tokenEndpoint: `${base}/oauth2/v2.0/token`, tenant };
}

/** `common` or `organizations`: nobody's issuer, until somebody signs in. */
export function sharedPlace(origin: string, segment: string): Place {
  const tokenEndpoint = `${origin}/${segment}/oauth2/v2.0/token`;
  return { issuer: `${origin}/{tenantid}/v2.0`, tokenEndpoint, tenant: segment, shared: true };
}

/** Who may sign in at a place: the employees of its tenant, at a shared one those of every tenant. */
export function employeesAt({ tenants }: EntraOptions, people: readonly Person[], place: Place): readonly Person[] {
  return people.filter(
    ({ employee }) =>
      employee !== undefined && (place.shared === true || tenants.named(employee.tenant) === place.tenant),
  );
}

/** The place of a person's own tenant, where tenants share an address. */
export function homeOf({ tenants, origin }: EntraOptions, place: Place, person: Person): Place {
  return place.shared === true ? placeIn(origin, tenants.named(person.employee?.tenant)) : place;
}
