import type { DomainEvent, Emit, EventTable } from '../observe/events.ts';
import type { Observer } from '../observe/observer.ts';
import type { Registry } from '../registry/contract.ts';
import { noticeOf } from './notices.ts';

/** Makes the emitters of programs; `app` is the app that a program stands beside. */
export type Teller = <E extends DomainEvent>(program: string, table: EventTable<E>, app?: string) => Emit<E>;

/** Events go to log, metrics and audit, and the ones that a developer should see at once to the terminal too. */
export function createTeller(observer: Observer, registry: Registry, notice: (line: string) => void): Teller {
  const nameOf = (client: string): string => appOfClient(registry, client) ?? client;
  return (program, table, app) => {
    const emit = observer.emitter(program, table, app === undefined ? {} : { app });
    return (event) => {
      emit(event);
      const line = noticeOf(program, app, event, nameOf);
      if (line !== undefined) notice(line);
    };
  };
}

function appOfClient(registry: Registry, clientId: string): string | undefined {
  const snapshot = registry.snapshot();
  const providers = ['azure', 'idporten', 'maskinporten'] as const;
  return providers.map((provider) => snapshot.client(provider, clientId)?.app).find((id) => id !== undefined);
}
