import type { IdpEvent } from '../idp/events.ts';
import { printableText, scrubText } from '../observe/scrub.ts';

/** The line that somebody at the terminal should see at once, or nothing: what was refused, left out, or failed. */
export function idpNotice(event: IdpEvent): string | undefined {
  const line = lineOf(event);
  // Client ids and the like come from whoever calls.
  return line === undefined ? undefined : printableText(scrubText(line));
}

function lineOf(event: IdpEvent): string | undefined {
  if (event.event === 'idp.refused') {
    const what = [event.number, event.error, event.reason].filter((each) => each !== undefined).join(' ');
    return `refused  ${event.persona} ${event.endpoint}: ${event.client ?? 'no client'}: ${what}`;
  }
  if (event.event === 'idp.person_skipped') return `people.yaml:${event.line}: left out: ${event.problem}`;
  if (event.event === 'idp.client_skipped') {
    const what = event.path === '' ? 'no client read' : `left out: ${event.path}`;
    return `${event.file}:${event.line}: ${what}: ${event.problem}`;
  }
  if (event.event === 'idp.failed') return `failed  ${event.persona}: ${event.cause}`;
  return undefined;
}
