import { ConfigError } from '../config-error.ts';

const FORM = 'as https://host or http://host:port';

/**
 * Whether a URL is of one of the listed origins, scheme, host and port alike (RFC 6454 5). Throws ConfigError for an entry
 * that is not written as an origin is: `https://host` or `https://host:port`, the usual port left out, no path.
 */
export function createOriginList(origins: readonly string[]): (url: URL) => boolean {
  if (!Array.isArray(origins)) throw new ConfigError([`createFetch: origins has to be a list, ${FORM}`]);
  const findings = origins.flatMap((origin) => findFault(origin) ?? []);
  if (origins.length === 0) findings.push('createFetch: the list of origins is empty');
  if (findings.length > 0) throw new ConfigError(findings);
  const listed = new Set(origins);
  // The scheme is looked at too: the origin of a blob: URL is that of the page it belongs to.
  return (url) => isWeb(url) && listed.has(url.origin);
}

/** Whether two URLs are of one origin, both of them http or https. */
export function isSameOrigin(one: URL, other: URL): boolean {
  return isWeb(one) && isWeb(other) && one.origin === other.origin;
}

function isWeb({ protocol }: URL): boolean {
  return protocol === 'https:' || protocol === 'http:';
}

function findFault(origin: string): string | undefined {
  if (typeof origin !== 'string') return `createFetch: an origin has to be a text, ${FORM}`;
  if (!URL.canParse(origin)) return `createFetch: ${JSON.stringify(origin)} is no origin, ${FORM}`;
  const url = new URL(origin);
  if (!isWeb(url)) return `createFetch: ${origin} is neither https nor http`;
  if (origin.includes('*')) return `createFetch: ${origin} stands for more than one origin`;
  return url.origin === origin ? undefined : `createFetch: ${origin} has to be written as ${url.origin}`;
}
