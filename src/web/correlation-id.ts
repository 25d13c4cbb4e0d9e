import { randomUUID } from 'node:crypto';

/** As many as a national identity number has. */
const DIGITS = 11;

/** A new name for a request: a UUID without eleven digits in a row, as logs would take those for a national identity number. */
export function newCorrelationId(random: () => string = randomUUID): string {
  let id = random();
  while (hasNumber(id)) id = random();
  return id;
}

/** Character by character: a regular expression for it costs more than the name itself, with every request. */
function hasNumber(id: string): boolean {
  let run = 0;
  for (let at = 0; at < id.length; at += 1) {
    const code = id.charCodeAt(at);
    run = code >= 0x30 && code <= 0x39 ? run + 1 : 0;
    if (run === DIGITS) return true;
  }
  return false;
}
