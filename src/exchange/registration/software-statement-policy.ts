import { isAppIdPart } from '../../registry/app-id.ts';
import { isJsonObject } from '../../oauth/objects.ts';
import { RegistrationFault } from './registration-errors.ts';
import { shown } from '../shown.ts';

/** Whom one entry of an access policy names: namespace and name may be `*`, the cluster never. */
export interface PolicyEntry {
  readonly cluster: string;
  readonly namespace: string;
  readonly name: string;
}

/** An access policy as it is claimed: a list of `cluster:namespace:name`, each once. Throws RegistrationFault naming the entry. */
export function parsePolicy(value: unknown, claim: string): readonly PolicyEntry[] {
  if (!Array.isArray(value)) throw refused(`${claim} must be a list, if an empty one`);
  const entries = value.map((entry: unknown, place) => parseEntry(entry, `${claim}[${place}]`));
  return [...new Map(entries.map((entry) => [formatEntry(entry), entry])).values()];
}

/** The entry as it is written. */
export function formatEntry({ cluster, namespace, name }: PolicyEntry): string {
  return `${cluster}:${namespace}:${name}`;
}

function parseEntry(entry: unknown, place: string): PolicyEntry {
  const [cluster = '', namespace = '', name = '', ...rest] = typeof entry === 'string' ? entry.split(':') : [];
  if (rest.length === 0 && isAppIdPart(cluster) && isPartOrAll(namespace) && isPartOrAll(name)) {
    return { cluster, namespace, name };
  }
  const what = typeof entry === 'string' ? shown(entry) : isJsonObject(entry) ? 'an object' : `a ${typeof entry}`;
  throw refused(`${place} is ${what}, not cluster:namespace:name (* only for a whole namespace or name)`);
}

function isPartOrAll(part: string): boolean {
  return part === '*' || isAppIdPart(part);
}

function refused(description: string): RegistrationFault {
  return new RegistrationFault('statement-refused', `software statement: ${description}`);
}
