/** One issuer of a persona: a tenant at Entra ID, the whole service elsewhere. Endpoint URLs come from settings, never from a request. */
export interface Place {
  readonly issuer: string;
  readonly tokenEndpoint: string;
  /** Tenant GUID; empty where there are no tenants. */
  readonly tenant: string;
  /** An address that every tenant shares: whoever signs in brings the tenant. */
  readonly shared?: true;
}
