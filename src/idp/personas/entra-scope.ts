import type { Client, Snapshot } from '../../registry/model.ts';
import { Refusal } from '../engine/refusal.ts';
import type { Place } from '../persona.ts';
import type { Tenants } from '../tenants.ts';

/** An API as it was asked for: the prefix before the last slash, and the names after it. */
export interface AskedApi {
  readonly client: Client;
  readonly prefix: string;
  readonly names: readonly string[];
}

/** A scope value taken apart: OpenID Connect's own scopes, and at most one API. Without one the token is for Graph. */
export interface AskedScope {
  readonly oidc: readonly string[];
  readonly api: AskedApi | undefined;
}

/** What scope values are read against. */
export interface ScopeContext {
  readonly snapshot: Snapshot;
  readonly tenants: Tenants;
  readonly place: Place;
  readonly graphOrigin: string;
}

const OIDC = new Set(['openid', 'profile', 'email', 'offline_access']);
const GRAPH = 'https://graph.microsoft.com';
const GRAPH_NAMES = new Set(['User.Read']);

/** Reads a scope: `<api>/<name>` with `<api>` a GUID, `api://<guid>` or `api://<cluster>.<namespace>.<app>`. Throws a Refusal. */
export function readScope(context: ScopeContext, scopes: readonly string[]): AskedScope {
  const oidc = scopes.filter((scope) => OIDC.has(scope));
  const asked = new Map<string, string[]>();
  for (const scope of scopes) {
    if (OIDC.has(scope) || isGraph(context, scope)) continue;
    const slash = scope.lastIndexOf('/');
    if (slash <= 0) throw new Refusal('scope-unknown', { scope });
    const prefix = scope.slice(0, slash);
    asked.set(prefix, [...(asked.get(prefix) ?? []), scope.slice(slash + 1)]);
  }
  const [first, second] = asked;
  if (second !== undefined) throw new Refusal('scope-several-apis', { scope: scopes.join(' ') });
  if (first === undefined) return { oidc, api: undefined };
  const [prefix, names] = first;
  return { oidc, api: { client: findApi(context, prefix), prefix, names } };
}

function findApi({ snapshot, tenants, place }: ScopeContext, resource: string): Client {
  const bare = resource.replace(/^api:\/\//, '');
  const client = snapshot.client('azure', bare) ?? byUri(snapshot, resource) ?? byName(snapshot, bare);
  const registration = client?.registration;
  if (
    client === undefined ||
    registration?.provider !== 'azure' ||
    tenants.named(registration.tenant) !== place.tenant
  ) {
    throw new Refusal('api-unknown', { resource, tenant: place.tenant });
  }
  return client;
}

function byUri(snapshot: Snapshot, uri: string): Client | undefined {
  for (const client of snapshot.clients('azure')) {
    if (client.registration.provider === 'azure' && client.registration.identifierUris.includes(uri)) return client;
  }
  return undefined;
}

function byName(snapshot: Snapshot, dotted: string): Client | undefined {
  const parts = dotted.split('.');
  return parts.length === 3 ? snapshot.clientOf(parts.join(':'), 'azure') : undefined;
}

function isGraph({ graphOrigin }: ScopeContext, scope: string): boolean {
  return GRAPH_NAMES.has(scope) || [GRAPH, graphOrigin].some((origin) => scope.startsWith(`${origin}/`));
}
