import { appId, parseAppId, splitAppId } from '../../registry/app-id.ts';
import type { AppId } from '../../registry/app-id.ts';
import type { App, Client, Grant, MaskinportenScope, Snapshot } from '../../registry/model.ts';
import type { SourcePosition } from '../../registry/model.ts';
import { targetGrants } from '../../registry/target-grants.ts';
import type { TargetGrants } from '../../registry/target-grants.ts';
import { digest } from '../digest.ts';
import type { OpenidClient } from './openid-client.ts';

/** Who may call an added Entra application: an application by its id, its name or the name of an app in a manifest. */
interface CallerRule {
  readonly caller: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
}

/** A scope of ID-porten or Maskinporten that an added client brings. `access` left out: as the registry has it, granted where it has none. */
export interface ScopeWish {
  readonly name: string;
  readonly access?: boolean | undefined;
  /** Whether the client says what the scope is, and not only its name. Of several that do, the last one counts. */
  readonly told: boolean;
  readonly row: Omit<MaskinportenScope, 'name' | 'owner' | 'consumers'>;
}

/** A client that stands in no manifest. Exactly one of `row` and `openid` is there. */
export interface AddedClient {
  readonly persona: string;
  readonly id: string;
  readonly source: 'file' | 'api';
  /** Where a file declares it. */
  readonly position?: SourcePosition | undefined;
  readonly row?: Client | undefined;
  readonly callers?: readonly CallerRule[] | undefined;
  readonly scopes?: readonly ScopeWish[] | undefined;
  readonly openid?: OpenidClient | undefined;
}

/** The cluster of the apps that are made up for clients without one. */
export const ADDED = 'added';

/** The app an added client counts as: its display name where that is an app id, else one made of persona and id. */
export function appOfAdded(persona: string, id: string, name: string | undefined): AppId {
  const named = name === undefined ? undefined : parseAppId(name);
  return named ?? appId(ADDED, persona, digest(id, 'hex').slice(0, 16));
}

/** A snapshot with the rows of added clients on top. What the registry has wins, for both name a client by the same id. */
export function overlay(base: Snapshot, added: readonly AddedClient[]): Snapshot {
  const rows = added.filter((each) => each.row !== undefined);
  if (rows.length === 0) return base;
  const clients = rows.flatMap(({ row }) => (row === undefined || hides(base, row) ? [] : [row]));
  const byId = new Map(clients.map((row) => [`${row.provider} ${row.clientId}`, row]));
  const byApp = new Map(clients.map((row) => [`${row.provider} ${row.app}`, row]));
  const apps = new Map<string, App>(rows.flatMap((each) => appEntry(base, each)));
  const scopes = new Map<string, MaskinportenScope>();
  for (const each of rows) for (const scope of scopesOf(base, scopes, each)) scopes.set(scope.name, scope);
  const grants = new Map<string, TargetGrants>();
  const find = (caller: string): Client | undefined =>
    base.client('azure', caller) ??
    byId.get(`azure ${caller}`) ??
    base.clientOf(caller, 'azure') ??
    byApp.get(`azure ${caller}`);
  for (const each of rows) {
    const target = each.row?.app;
    if (target !== undefined)
      grants.set(target, targetGrants([...base.grantsFor(target), ...grantsOf(each, target, find)]));
  }
  return {
    version: base.version,
    wildcardGrants: base.wildcardGrants,
    app: (id) => base.app(id) ?? apps.get(id),
    apps: () => [...base.apps(), ...[...apps.values()].filter(({ id }) => base.app(id) === undefined)],
    client: (provider, id) => base.client(provider, id) ?? byId.get(`${provider} ${id}`),
    clientOf: (app, provider) => base.clientOf(app, provider) ?? byApp.get(`${provider} ${app}`),
    clients: (provider) => [...base.clients(provider), ...clients.filter((row) => row.provider === provider)],
    grantsFor: (target) => grants.get(target)?.list ?? base.grantsFor(target),
    grantsBetween: (consumer, target) => grants.get(target)?.between(consumer) ?? base.grantsBetween(consumer, target),
    declaredScopes: (target) => grants.get(target)?.scopes() ?? base.declaredScopes(target),
    scope: (name) => scopes.get(name) ?? base.scope(name),
    issuer: (name) => base.issuer(name),
    issuers: () => base.issuers(),
    denial: (hash) => base.denial(hash),
    denials: base.denials,
    appOfResource: (resource) => base.appOfResource(resource),
    scopes: () => [...[...base.scopes()].filter(({ name }) => !scopes.has(name)), ...scopes.values()],
  };
}

/** A manifest that appeared later may declare what was added by hand. */
function hides(base: Snapshot, row: Client): boolean {
  return base.client(row.provider, row.clientId) !== undefined || base.clientOf(row.app, row.provider) !== undefined;
}

function appEntry(base: Snapshot, { row, source, position }: AddedClient): readonly [string, App][] {
  if (row === undefined || base.app(row.app) !== undefined) return [];
  const { name } = splitAppId(row.app);
  const place = position ?? { file: 'the control API', line: 1, column: 1, path: '' };
  const spec = {
    ingresses: [],
    port: 0,
    upstream: { host: '127.0.0.1', port: 0 },
    identity: { mode: 'keys', serviceAccount: name },
    inbound: [],
    outbound: [],
  } as const;
  const positions = { spec: place };
  return [
    [row.app, { id: row.app, uid: source, generation: 1, hash: '', state: 'active', kind: 'App', spec, positions }],
  ];
}

function grantsOf(
  { callers = [], position }: AddedClient,
  target: AppId,
  find: (caller: string) => Client | undefined,
): readonly Grant[] {
  const place = position ?? { file: 'the control API', line: 1, column: 1, path: 'preAuthorizedApplications' };
  return callers.flatMap(({ caller, roles, scopes }) => {
    const app = find(caller)?.app ?? parseAppId(caller);
    return app === undefined ? [] : [{ target, consumer: splitAppId(app), roles, scopes, position: place }];
  });
}

function scopesOf(
  base: Snapshot,
  before: ReadonlyMap<string, MaskinportenScope>,
  { row, scopes = [] }: AddedClient,
): readonly MaskinportenScope[] {
  if (row === undefined) return [];
  const { app, registration } = row;
  if (registration.provider !== 'maskinporten' && registration.provider !== 'idporten') return [];
  return scopes.flatMap((wish) => {
    const known = base.scope(wish.name);
    if (known !== undefined && wish.access !== true) return [];
    const earlier = before.get(wish.name) ?? known;
    const own = known === undefined && wish.told ? wish.row : {};
    const start = { ...(earlier ?? { ...wish.row, name: wish.name, owner: app, consumers: [] }), ...own };
    const consumers = wish.access === false ? start.consumers : [...new Set([...start.consumers, registration.orgno])];
    return [{ ...start, consumers }];
  });
}
