import { randomUUID } from 'node:crypto';

/** A new name for a request: a UUID without eleven digits in a row, as logs would take those for a national identity number. */
export function newCorrelationId(random: () => string = randomUUID): string {
  let id = random();
  while (hasNumber(id)) id = random();
  return id;
}

/**
 * Only the last of its groups, of twelve, has room for eleven digits: any eleven of them hold the ten in the middle. Nearly always the
 * first of these tells; a regular expression, or a look at every character, would cost each request more than the name itself.
 */
function hasNumber(id: string): boolean {
  for (let at = 25; at < 35; at += 1) if (!isDigit(id.charCodeAt(at))) return false;
  return isDigit(id.charCodeAt(24)) || isDigit(id.charCodeAt(35));
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
