/** What stands for the tenant in the issuer of a provider that many tenants share. */
const PLACEHOLDER = '{tenantid}';
const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const SHARED_SEGMENT = /\/(?:common|organizations)\//;

/** Whether tokens name their tenant where this issuer has the placeholder. */
export function isShared(issuer: string): boolean {
  return issuer.includes(PLACEHOLDER);
}

/** The issuer that metadata of a shared address names: the placeholder stands where the address says `common`. */
export function sharedIssuer(address: string): string {
  return address.replace(SHARED_SEGMENT, `/${PLACEHOLDER}/`);
}

/**
 * The issuer a token has to have, by its `tid` (providers.md 2.2): the one of metadata, with the tenant in the place of the
 * placeholder. Undefined when that tenant is no GUID or none of those allowed.
 */
export function issuerForTenant(issuer: string, tid: unknown, tenants: readonly string[]): string | undefined {
  if (!isShared(issuer)) return issuer;
  if (typeof tid !== 'string' || !GUID.test(tid) || !tenants.includes(tid)) return undefined;
  return issuer.replace(PLACEHOLDER, tid);
}
