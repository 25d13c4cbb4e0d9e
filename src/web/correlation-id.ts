import { randomUUID } from 'node:crypto';

/** A new name for a request: a UUID without eleven digits in a row, as logs would take those for a national identity number. */
export function newCorrelationId(random: () => string = randomUUID): string {
  let id = random();
  while (/\d{11}/.test(id)) id = random();
  return id;
}
