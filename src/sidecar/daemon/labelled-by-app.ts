import type { EventRule, EventTable, Figures } from '../../observe/events.ts';
import { sidecarEvents } from '../events.ts';
import type { SidecarEvent } from '../events.ts';

/**
 * The events of a daemon: every figure has the label `app`, `<namespace>/<app>` as the folder is called, empty for what all share.
 * Nobody but the owner of the folders makes names, so there are no more labels than folders.
 */
export function eventsLabelledByApp(): EventTable<SidecarEvent> {
  const table: Readonly<Record<string, EventRule>> = sidecarEvents;
  const labelled = Object.entries(table).map(([event, rule]) => [
    event,
    { ...rule, ...labelledFigures(rule), ...(rule.also && { also: rule.also.map(labelledFigures) }) },
  ]);
  // oxlint-disable-next-line typescript/consistent-type-assertions -- the same events, each with its rule
  return Object.fromEntries(labelled) as EventTable<SidecarEvent>;
}

function labelledFigures({ counter, histogram, gauge }: Figures): Figures {
  return {
    ...(counter && { counter: withApp(counter) }),
    ...(histogram && { histogram: withApp(histogram) }),
    ...(gauge && { gauge: withApp(gauge) }),
  };
}

function withApp<R extends { readonly labels: readonly string[] }>(rule: R): R {
  return { ...rule, labels: [...rule.labels, 'app'] };
}
