import type { Client, Snapshot } from '../../registry/model.ts';
import { Refusal } from '../engine/refusal.ts';
import type { Place } from '../place.ts';
import type { Tenants } from '../tenants.ts';
import { isInTenant } from './entra-client.ts';

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
  /** The endpoint that reads: each has its own words for a scope it cannot use. */
  readonly at: 'authorize' | 'token';
}

const OIDC = new Set(['openid', 'profile', 'email', 'offline_access']);
const GRAPH = 'https://graph.microsoft.com';
const GRAPH_NAMES = new Set(['User.Read']);
const PROBLEMS = {
  authorize: { unusable: 'scope-unknown', several: 'scope-several-apis-asked' },
  token: { unusable: 'scope-no-token', several: 'scope-several-apis' },
} as const;

/** Reads a scope: `<api>/<name>` with `<api>` a GUID, `api://<guid>` or `api://<cluster>.<namespace>.<app>`. Throws a Refusal. */
export function readScope(context: ScopeContext, scopes: readonly string[]): AskedScope {
  const oidc = scopes.filter((scope) => OIDC.has(scope));
  const asked = new Map<string, string[]>();
  const problems = PROBLEMS[context.at];
  const graph = scopes.some((scope) => isGraph(context, scope));
  for (const scope of scopes) {
    if (OIDC.has(scope) || isGraph(context, scope)) continue;
    const slash = scope.lastIndexOf('/');
    if (slash <= 0) throw new Refusal(problems.unusable, { scope });
    const prefix = scope.slice(0, slash);
    asked.set(prefix, [...(asked.get(prefix) ?? []), scope.slice(slash + 1)]);
  }
  const [first, second] = asked;
  if (second !== undefined || (graph && first !== undefined)) {
    throw new Refusal(problems.several, { scope: scopes.join(' ') });
  }
  if (first === undefined) return { oidc, api: undefined };
  const [prefix, names] = first;
  return { oidc, api: { client: findApi(context, prefix), prefix, names } };
}

function findApi({ snapshot, tenants, place }: ScopeContext, resource: string): Client {
  const bare = resource.replace(/^api:\/\//, '');
  const client = snapshot.client('azure', bare) ?? byUri(snapshot, resource) ?? byName(snapshot, bare);
  if (client === undefined || !isUsable(client, { snapshot, tenants, place })) {
    throw new Refusal('api-unknown', { resource, tenant: place.tenant });
  }
  return client;
}

function isUsable(
  { app, state, registration }: Client,
  { snapshot, tenants, place }: Pick<ScopeContext, 'snapshot' | 'tenants' | 'place'>,
): boolean {
  if (state !== 'ready' || snapshot.app(app)?.state !== 'active' || registration.provider !== 'azure') return false;
  return place.shared === true || isInTenant(tenants, registration, place.tenant);
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
