import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { AppId } from '../registry/app-id.ts';
import type { AuditEntry, RegistryChange } from '../registry/contract.ts';
import type { KeyRow } from '../registry/key-row.ts';
import type { App, Client, Registration, Snapshot, WildcardGrants } from '../registry/model.ts';
import type { DesiredApp, DesiredClient } from './compile.ts';
import type { ClientKeyAlgorithm, KeyWish } from './keys.ts';

/** What should be, and what the registry has. */
export interface PlanInput {
  readonly desired: readonly DesiredApp[];
  /** Apps that no document speaks of any more and that the guard lets go. */
  readonly remove: readonly AppId[];
  readonly snapshot: Snapshot;
  readonly keys: readonly KeyRow[];
  readonly wildcardGrants: WildcardGrants;
  readonly entraPasswords: boolean;
  readonly tokenxKeyAlgorithm: ClientKeyAlgorithm;
}

/** What has to be written, and which keys must be made first. */
export interface Plan {
  readonly wishes: readonly KeyWish[];
  readonly created: readonly AppId[];
  readonly changed: readonly AppId[];
  readonly removed: readonly AppId[];
  /** The rows, once the wished keys exist; undefined = nothing to write. */
  change(made: readonly KeyRow[]): RegistryChange | undefined;
}

/** Desired minus actual (pipeline step 5). Pure but for the uid of a new app. */
export function makePlan(input: PlanInput): Plan {
  const { snapshot, desired } = input;
  const apps = desired.flatMap((each) => appChange(each, snapshot) ?? []);
  const uidOf = new Map([...snapshot.apps(), ...apps].map((app) => [app.id, app.uid]));
  const keysBySlot = Map.groupBy(input.keys, slotOf);
  const wishes = desired.flatMap(({ draft, clients }) => {
    const rules = {
      passwords: input.entraPasswords,
      handsOut: draft.spec.identity.mode !== 'workload',
      tokenxKeyAlgorithm: input.tokenxKeyAlgorithm,
    };
    const uid = uidOf.get(draft.id) ?? '';
    return clients.flatMap((client) => wishesOf({ client, uid, own: keysBySlot.get(slotOf(client)) ?? [] }, rules));
  });
  const created = apps.filter((app) => snapshot.app(app.id) === undefined).map((app) => app.id);
  return {
    wishes,
    created,
    changed: apps.map((app) => app.id).filter((id) => !created.includes(id)),
    removed: input.remove,
    change: (made) => changeOf(input, apps, made),
  };
}

function appChange({ draft }: DesiredApp, snapshot: Snapshot): App | undefined {
  const known = snapshot.app(draft.id);
  if (known?.hash === draft.hash && known.state === 'active') return undefined;
  const { id, hash, kind, spec, positions } = draft;
  const generation = (known?.generation ?? 0) + 1;
  return { id, uid: known?.uid ?? randomUUID(), generation, hash, state: 'active', kind, spec, positions };
}

interface KeyRules {
  readonly passwords: boolean;
  readonly handsOut: boolean;
  readonly tokenxKeyAlgorithm: ClientKeyAlgorithm;
}

/** At Entra ID an app that holds its own keys is handed the next one with the current; for all others it is made later. */
function wishesOf(
  { client, uid, own }: { readonly client: DesiredClient; readonly uid: string; readonly own: readonly KeyRow[] },
  { passwords, handsOut, tokenxKeyAlgorithm }: KeyRules,
): readonly KeyWish[] {
  const { app, provider } = client;
  const has = (kind: KeyRow['kind'], state: KeyRow['state']): boolean =>
    own.some((key) => key.uid === uid && key.kind === kind && key.state === state);
  const kinds: readonly KeyRow['kind'][] = provider === 'azure' && passwords ? ['jwk', 'password'] : ['jwk'];
  const states = provider === 'azure' && handsOut ? (['current', 'next'] as const) : (['current'] as const);
  // An app that holds its keys itself expects RSA; a sidecar signs with whatever it is given.
  const alg = provider === 'tokenx' && !handsOut ? tokenxKeyAlgorithm : 'RS256';
  return kinds.flatMap((kind) =>
    states.filter((state) => !has(kind, state)).map((state) => ({ app, uid, provider, kind, state, alg })),
  );
}

function changeOf(input: PlanInput, apps: readonly App[], made: readonly KeyRow[]): RegistryChange | undefined {
  const { snapshot, desired, remove } = input;
  const keys = Map.groupBy([...input.keys, ...made], slotOf);
  const putClients = desired
    .flatMap((each) => each.clients)
    .flatMap((client) => clientChange(client, keys.get(slotOf(client)) ?? [], snapshot));
  const removeClients = desired.flatMap((each) => goneClients(each, snapshot));
  const gone = new Set(removeClients.map(slotOf));
  const removeKeys = input.keys.filter((key) => gone.has(slotOf(key))).map((key) => key.kid);
  const replaceGrants = desired
    .filter(({ draft, grants }) => !same(grants, snapshot.grantsFor(draft.id)))
    .map(({ draft, grants }) => ({ target: draft.id, grants }));
  const scopesBefore = Map.groupBy(snapshot.scopes(), (scope) => scope.owner);
  const replaceScopes = desired
    .filter(({ draft, scopes }) => !same(scopes, scopesBefore.get(draft.id) ?? []))
    .map(({ draft, scopes }) => ({ owner: draft.id, scopes }));
  const lists = { putApps: apps, removeApps: remove, putClients, removeClients, replaceGrants, replaceScopes };
  const empty = Object.values(lists).every((list) => list.length === 0) && made.length === 0;
  if (empty && input.wildcardGrants === snapshot.wildcardGrants) return undefined;
  const { wildcardGrants } = input;
  return { ...lists, wildcardGrants, putKeys: made, removeKeys, audit: auditOf(apps, remove) };
}

function clientChange(desired: DesiredClient, keys: readonly KeyRow[], snapshot: Snapshot): readonly Client[] {
  const client = clientOf(desired, keys);
  return same(client, snapshot.clientOf(desired.app, desired.provider)) ? [] : [client];
}

/** The client row: what is desired, with the live ones of its keys. */
function clientOf(desired: DesiredClient, keys: readonly KeyRow[]): Client {
  const own = keys.filter((key) => key.state !== 'revoked').toSorted(byRank);
  const { app, provider, clientId } = desired;
  const published = own.flatMap((key) => (key.publicJwk === undefined ? [] : [key.publicJwk]));
  const hashes = own.flatMap((key) => (key.secretHash === undefined ? [] : [key.secretHash]));
  const registration = withSecrets(desired.registration, hashes);
  return { app, provider, clientId, state: 'ready', keys: published, registration };
}

/** A fixed order, so that a restart finds the row as it left it. */
function byRank(one: KeyRow, other: KeyRow): number {
  const ranks = ['current', 'next', 'retiring', 'revoked'];
  return ranks.indexOf(one.state) - ranks.indexOf(other.state) || (one.kid < other.kid ? -1 : 1);
}

function withSecrets(registration: Registration, secretHashes: readonly string[]): Registration {
  return registration.provider === 'azure' ? { ...registration, secretHashes } : registration;
}

function goneClients({ draft, clients }: DesiredApp, snapshot: Snapshot): readonly Pick<Client, 'app' | 'provider'>[] {
  const providers = ['tokenx', 'azure', 'idporten', 'maskinporten', 'openid'] as const;
  return providers
    .filter((provider) => snapshot.clientOf(draft.id, provider) !== undefined)
    .filter((provider) => !clients.some((client) => client.provider === provider))
    .map((provider) => ({ app: draft.id, provider }));
}

function auditOf(apps: readonly App[], removed: readonly AppId[]): readonly AuditEntry[] {
  const put = apps.map(({ id, generation, hash }) => ({ app: id, action: 'app.put', detail: { generation, hash } }));
  return [...put, ...removed.map((app) => ({ app, action: 'app.removed' }))].map((entry) => ({
    actor: 'registrar',
    ...entry,
  }));
}

/** Equal as rows: members that JSON leaves out do not count, nor does their order. */
function same(one: unknown, other: unknown): boolean {
  const [a, b] = [JSON.stringify(one ?? null), JSON.stringify(other ?? null)];
  return a === b || isDeepStrictEqual(JSON.parse(a), JSON.parse(b));
}

function slotOf({ app, provider }: { readonly app: AppId; readonly provider: string }): string {
  return `${app} ${provider}`;
}
