import type { Clock } from '../../oauth/time.ts';
import type { Client, Snapshot } from '../../registry/model.ts';
import type { Faults } from '../faults.ts';
import type { OpenidClient } from './openid-client.ts';

/** What one persona knows of its clients. */
export interface ClientView {
  readonly snapshot: Snapshot;
  readonly openid: (clientId: string) => OpenidClient | undefined;
}

/** Makes changes act late where the fault `propagation:<s>` is switched on. */
export interface Propagation {
  /** Tells that `before` was true until now, when `after` is. */
  changed(persona: string, before: ClientView, after: ClientView): void;
  /** What a persona knows now, when `current` is the truth. */
  seen(persona: string, current: ClientView): ClientView;
  clear(): void;
}

interface Late {
  readonly before: ClientView;
  /** Only this client is late; undefined = all are. */
  readonly client: string | undefined;
  /** Seconds since the epoch, by the persona's clock. */
  readonly until: number;
}

const PROVIDERS = ['azure', 'idporten', 'maskinporten'] as const;

/** Changes act at once until a fault says otherwise. */
export function createPropagation(faults: Faults, clockOf: (persona: string) => Clock): Propagation {
  const late = new Map<string, readonly Late[]>();
  return {
    changed: (persona, before, after) => {
      const rules = faults.list().filter((rule) => rule.persona === persona && rule.fault === 'propagation');
      const places = new Set(rules.map(({ client }) => client));
      const now = clockOf(persona)();
      // A rule for one client waits for a change of that client: what others change meanwhile is none of its business.
      const meant = [...places].filter((client) => client === undefined || isChanged(client, before, after));
      const added = meant.flatMap((client) => {
        const seconds = faults.take({ persona, client }, 'propagation');
        return seconds === undefined ? [] : [{ before, client, until: now + Number(seconds) }];
      });
      if (added.length > 0) {
        const waiting = (late.get(persona) ?? []).filter(({ until }) => until > now);
        late.set(persona, [...waiting, ...added]);
      }
    },
    seen: (persona, current) => {
      const all = late.get(persona);
      if (all === undefined) return current;
      const now = clockOf(persona)();
      const waiting = all.filter(({ until }) => until > now);
      if (waiting.length === 0) late.delete(persona);
      // The oldest change that has not arrived yet decides; later ones cannot overtake it.
      return waiting.toReversed().reduce((view, change) => rewound(view, change), current);
    },
    clear: () => late.clear(),
  };
}

function isChanged(client: string, before: ClientView, after: ClientView): boolean {
  return JSON.stringify(factsOf(client, before)) !== JSON.stringify(factsOf(client, after));
}

/** All that a view says of one client: its registration, its grants, its scopes. */
function factsOf(client: string, { snapshot, openid }: ClientView): unknown {
  const rows = PROVIDERS.map((each) => snapshot.client(each, client));
  return rows.map((row) => {
    if (row === undefined) return openid(client) ?? null;
    const scopes = 'scopes' in row.registration ? row.registration.scopes : [];
    return { row, grants: snapshot.grantsFor(row.app), scopes: scopes.map((name) => snapshot.scope(name) ?? null) };
  });
}

function rewound(view: ClientView, { before, client }: Late): ClientView {
  if (client === undefined) return before;
  const old = PROVIDERS.map((each) => before.snapshot.client(each, client));
  const row = old.find((each) => each !== undefined);
  return {
    openid: (id) => (id === client ? before.openid(id) : view.openid(id)),
    snapshot: withClient(view.snapshot, client, { row, before: before.snapshot }),
  };
}

function withClient(
  snapshot: Snapshot,
  clientId: string,
  old: { readonly row: Client | undefined; readonly before: Snapshot },
): Snapshot {
  const { row, before } = old;
  const isIt = (client: Client): boolean => client.clientId === clientId;
  const isItsApp = (app: string): boolean => row?.app === app;
  const viewOf = (target: string): Snapshot => (isItsApp(target) ? before : snapshot);
  return {
    ...snapshot,
    client: (provider, id) => (id === clientId ? before.client(provider, id) : snapshot.client(provider, id)),
    clientOf: (app, provider) => {
      if (isItsApp(app)) return before.clientOf(app, provider);
      const found = snapshot.clientOf(app, provider);
      return found !== undefined && isIt(found) ? before.client(provider, clientId) : found;
    },
    clients: (provider) => [
      ...[...snapshot.clients(provider)].filter((client) => !isIt(client)),
      ...[...before.clients(provider)].filter(isIt),
    ],
    grantsFor: (target) => viewOf(target).grantsFor(target),
    grantsBetween: (consumer, target) => viewOf(target).grantsBetween(consumer, target),
    declaredScopes: (target) => viewOf(target).declaredScopes(target),
  };
}
