import type { DomainEvent } from '../observe/events.ts';

/**
 * The line that a developer should see at once, or nothing: refusals that a manifest could allow, with that change, and
 * problems in manifests. Everything else is in the log file. `nameOf` turns a client id into the id of its app.
 */
export function noticeOf(
  program: string,
  app: string | undefined,
  event: DomainEvent,
  nameOf: (client: string) => string = (client) => client,
): string | undefined {
  const fields: Readonly<Record<string, unknown>> = { ...event };
  if (event.event === 'manifest.invalid' || event.event === 'manifest.warned')
    return `manifest  ${String(fields['text'])}`;
  if (typeof fields['fix'] !== 'string' || fields['fix'] === '') return undefined;
  const who = [app, fields['consumer'] ?? fields['caller'] ?? fields['client']].find(
    (each) => typeof each === 'string',
  );
  const whom = [fields['target'], fields['audience']].find((each) => typeof each === 'string');
  const what = [fields['number'], fields['error'], fields['reason']]
    .filter((each) => typeof each === 'string')
    .join(' ');
  const place = [fields['persona'], program].find((each) => typeof each === 'string');
  const edge = [who === undefined ? undefined : nameOf(who), whom].filter(Boolean).join(' -> ');
  return `refused  ${String(place)}: ${edge}: ${what}\n         to allow it, ${fields['fix']}`;
}
