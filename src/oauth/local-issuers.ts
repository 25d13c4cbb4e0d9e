import { isIPv4 } from 'node:net';

/** Which issuers on this machine may be trusted: none, unless the one who started the program says so. */
export interface LocalIssuers {
  readonly allowed: boolean;
  /** Further host names, beside loopback and `fullmakt-local`, that may be local and spoken to over http. */
  readonly hosts: readonly string[];
}

// However somebody spells no, it must not become the name of a host and so a yes.
const NO: ReadonlySet<string> = new Set(['false', '0', 'no', 'off']);
const YES: ReadonlySet<string> = new Set(['true', '1', 'yes', 'on']);

/**
 * Reads the value of `FULLMAKT_ALLOW_LOCAL_PROVIDERS`: `true`, `false`, or host names separated by commas. One `false` among
 * them means false.
 */
export function parseLocalIssuers(text: string | undefined): LocalIssuers {
  const words = (text ?? '').split(',').map((word) => word.trim().toLowerCase());
  const given = words.filter((word) => word !== '');
  if (given.length === 0 || given.some((word) => NO.has(word))) return { allowed: false, hosts: [] };
  return { allowed: true, hosts: given.filter((word) => !YES.has(word)) };
}

/**
 * Why this URL of an issuer may not be used, or undefined. https always; http and loopback hosts only where local
 * issuers are allowed, so that one wrong variable cannot point a production start at a fake.
 */
export function issuerUrlProblem(url: string, local: LocalIssuers): string | undefined {
  if (!URL.canParse(url)) return 'is not a URL';
  const { protocol, username, password, hostname } = new URL(url);
  if (username !== '' || password !== '') return 'must not hold a user or a password';
  const isLocal = isLocalHost(hostname) || local.hosts.includes(hostname);
  if (isLocal && !local.allowed) return 'is a local address: FULLMAKT_ALLOW_LOCAL_PROVIDERS=true would allow it';
  if (protocol === 'https:' || (protocol === 'http:' && isLocal)) return undefined;
  return 'has to be https';
}

/** Loopback, or marked as a local stand-in by the label `fullmakt-local`. The host comes from a URL object: lower case, IPv4 canonical. */
function isLocalHost(host: string): boolean {
  const labels = host.split('.').filter((label) => label !== '');
  return labels.at(-1) === 'localhost' || labels.includes('fullmakt-local') || isLoopbackAddress(host);
}

/** An address that never leaves the machine, or that listens on it: 127.0.0.0/8, ::1, and the unspecified ones. */
function isLoopbackAddress(host: string): boolean {
  if (host === '[::1]' || host === '[::]' || host === '0.0.0.0') return true;
  return isIPv4(host) && host.startsWith('127.');
}
