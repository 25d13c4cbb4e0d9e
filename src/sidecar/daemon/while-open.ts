import type { Emit } from '../../observe/events.ts';
import type { SidecarEvent } from '../events.ts';

/** What an application tells, and when it is heard. */
export interface WhileOpen {
  readonly emit: Emit<SidecarEvent>;
  readonly open: () => void;
  readonly silence: () => void;
}

/**
 * What an application tells before it is open is told when it is: whose place is taken is opened again and again. A refresh that ends
 * after it is closed tells nothing: its figures are gone by then.
 */
export function whileOpen(emit: Emit<SidecarEvent>): WhileOpen {
  let held: SidecarEvent[] | undefined = [];
  let isSilent = false;
  return {
    emit: (event) => {
      if (isSilent) return;
      if (held === undefined) emit(event);
      else held.push(event);
    },
    silence: () => {
      isSilent = true;
    },
    open() {
      const early = held ?? [];
      held = undefined;
      early.forEach(emit);
    },
  };
}
