/** Which issuers on this machine may be trusted: none, unless the one who started the program says so. */
export interface LocalIssuers {
  readonly allowed: boolean;
  /** Further host names, beside loopback and `fullmakt-local`, that may be local and spoken to over http. */
  readonly hosts: readonly string[];
}

/** Reads the value of `FULLMAKT_ALLOW_LOCAL_PROVIDERS`: `true`, `false`, or host names separated by commas. */
export function parseLocalIssuers(text: string | undefined): LocalIssuers {
  if (text === undefined || text === '' || text === 'false') return { allowed: false, hosts: [] };
  if (text === 'true') return { allowed: true, hosts: [] };
  const hosts = text.split(',').map((host) => host.trim().toLowerCase());
  return { allowed: true, hosts: hosts.filter((host) => host !== '') };
}

/**
 * Why this URL of an issuer may not be used, or undefined. https always; http and loopback hosts only where local
 * issuers are allowed, so that one wrong variable cannot point a production start at a fake.
 */
export function issuerUrlProblem(url: string, local: LocalIssuers): string | undefined {
  if (!URL.canParse(url)) return 'is not a URL';
  const { protocol, hostname } = new URL(url);
  const isLocal = isLocalHost(hostname) || local.hosts.includes(hostname);
  if (isLocal && !local.allowed) return 'is a local address: FULLMAKT_ALLOW_LOCAL_PROVIDERS=true would allow it';
  if (protocol === 'https:' || (protocol === 'http:' && isLocal)) return undefined;
  return 'has to be https';
}

/** Loopback, or marked as a local stand-in by the label `fullmakt-local`. The host comes from a URL object: lower case, IPv4 canonical. */
function isLocalHost(host: string): boolean {
  if (host === 'localhost' || host === '[::1]' || host.split('.').includes('fullmakt-local')) return true;
  const parts = host.split('.');
  return parts.length === 4 && parts[0] === '127' && parts.every((part) => Number.isInteger(Number(part)));
}
