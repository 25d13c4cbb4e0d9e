import type { Clock } from '../oauth/time.ts';
import type { Client, Snapshot } from '../registry/model.ts';
import type { Faults } from './faults.ts';
import type { OpenidClient } from './openid-client.ts';

/** What one persona knows of its clients. */
export interface ClientView {
  readonly snapshot: Snapshot;
  readonly openid: (clientId: string) => OpenidClient | undefined;
}

/** Makes changes act late where the fault `propagation:<s>` is switched on. */
export interface Propagation {
  /** Tells that `before` was true until now. */
  changed(persona: string, before: ClientView): void;
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

/** Changes act at once until a fault says otherwise. */
export function createPropagation(faults: Faults, clockOf: (persona: string) => Clock): Propagation {
  const late = new Map<string, readonly Late[]>();
  return {
    changed: (persona, before) => {
      const rules = faults.list().filter((rule) => rule.persona === persona && rule.fault === 'propagation');
      const places = new Set(rules.map(({ client }) => client));
      const now = clockOf(persona)();
      const added = [...places].flatMap((client) => {
        const seconds = faults.take({ persona, client }, 'propagation');
        return seconds === undefined ? [] : [{ before, client, until: now + Number(seconds) }];
      });
      if (added.length > 0) late.set(persona, [...(late.get(persona) ?? []), ...added]);
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

function rewound(view: ClientView, { before, client }: Late): ClientView {
  if (client === undefined) return before;
  const old = [...(['azure', 'idporten', 'maskinporten'] as const)].map((each) => before.snapshot.client(each, client));
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
    grantsFor: (target) => (isItsApp(target) ? before.grantsFor(target) : snapshot.grantsFor(target)),
  };
}
