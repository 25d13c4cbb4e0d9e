import { GUID, uuidV5 } from './guid.ts';

/** A tenant of the local Entra ID. */
export interface Tenant {
  readonly tid: string;
  readonly domains: readonly string[];
}

/** The tenants that exist: those of the settings, and one for every name that a manifest brings. */
export interface Tenants {
  /** The tenant an app or person belongs to; without a name the default one. */
  named(name: string | undefined): string;
  /** The tenant of a path segment: GUID or domain; undefined when there is none such. */
  find(segment: string, known: Iterable<string | undefined>): string | undefined;
  readonly defaultTenant: string;
}

/** Names in paths that stand for no tenant of their own. */
export function isSharedTenant(segment: string): boolean {
  return segment === 'common' || segment === 'organizations';
}

/** GUID of a tenant that stands in a manifest but in no setting: UUIDv5 of its name (RFC 9562 5.5, DNS namespace). */
function tenantIdOf(name: string): string {
  return GUID.test(name.toLowerCase()) ? name.toLowerCase() : uuidV5(name);
}

/** Tenants by the settings; the first is the default. */
export function createTenants(configured: readonly Tenant[]): Tenants {
  const defaultTenant = configured[0]?.tid ?? tenantIdOf('example.test');
  const byDomain = (name: string): string | undefined =>
    configured.find((tenant) => tenant.tid === name.toLowerCase() || tenant.domains.includes(name.toLowerCase()))?.tid;
  const named = (name: string | undefined): string =>
    name === undefined ? defaultTenant : (byDomain(name) ?? tenantIdOf(name));
  return {
    defaultTenant,
    named,
    find: (segment, known) => {
      const configuredTid = byDomain(segment);
      if (configuredTid !== undefined) return configuredTid;
      const wanted = segment.toLowerCase();
      for (const name of known) {
        if (name !== undefined && (named(name) === wanted || name.toLowerCase() === wanted)) return named(name);
      }
      return undefined;
    },
  };
}
