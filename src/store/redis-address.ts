/** A server of Valkey or Redis. */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** Where a store in Valkey or Redis is, and what is said to get in. */
export interface RedisAddress {
  readonly kind: 'single' | 'sentinel' | 'cluster';
  /** The server, the sentinels, or some nodes of the cluster. */
  readonly nodes: readonly RedisNode[];
  /** Name that the sentinels know the primary by; empty without sentinels. */
  readonly primaryName: string;
  readonly database: number;
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
}

/** Both names of the servers, `s` for TLS, and what is behind the address. */
const SCHEME = /^(?:redis|valkey)(s?)(?:\+(sentinel|cluster))?$/;

const REDIS_PORT = 6379;
const SENTINEL_PORT = 26_379;

/** Scheme, user information, servers, path. */
const PARTS = /^([a-z+]+):\/\/(?:([^@/?#]*)@)?([^@/?#]+)(?:\/([^/?#]*))?$/;

/** Whether this is an address for {@link parseRedisAddress} at all, right or wrong. */
export function isRedisAddress(text: string): boolean {
  return SCHEME.test(text.split(':', 1)[0] ?? '');
}

/**
 * Reads `redis://`, `valkey://` or `rediss://` `[user:password@]host[:port][/database]`, `redis+sentinel://h1[:p],h2[:p]/name`
 * or `redis+cluster://h1[:p],h2[:p]`; `rediss+…` for TLS. Throws an Error that shows no part of a wrong address: it may hold a password.
 */
export function parseRedisAddress(text: string): RedisAddress {
  const [, scheme = '', user, servers = '', path = ''] = PARTS.exec(text) ?? [];
  const known = SCHEME.exec(scheme);
  if (known === null) throw new Error('not an address of Valkey or Redis');
  const kind = kindOf(known[2]);
  if (kind === 'sentinel' && path === '')
    throw new Error('the name of the primary is missing: redis+sentinel://h1,h2/name');
  if (kind === 'cluster' && path !== '') throw new Error('a cluster has no databases: nothing comes after its servers');
  if (kind === 'single' && servers.includes(','))
    throw new Error('several servers are sentinels or a cluster: redis+…');
  const defaultPort = kind === 'sentinel' ? SENTINEL_PORT : REDIS_PORT;
  return {
    kind,
    nodes: servers.split(',').map((server) => parseNode(server, defaultPort)),
    primaryName: kind === 'sentinel' ? decoded(path) : '',
    database: kind === 'single' ? parseDatabase(path) : 0,
    tls: known[1] === 's',
    ...parseUser(user),
  };
}

function kindOf(word: string | undefined): RedisAddress['kind'] {
  return word === 'sentinel' || word === 'cluster' ? word : 'single';
}

function parseNode(server: string, defaultPort: number): RedisNode {
  // Any special scheme reads hosts as the web does; this one has a default port that nobody means.
  const url = URL.canParse(`http://${server}`) ? new URL(`http://${server}`) : undefined;
  if (url === undefined || url.host === '') throw new Error('a server is host or host:port');
  const port = /:(\d+)$/.exec(server)?.[1];
  if (port === '0') throw new Error('a port is 1 to 65535');
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: port === undefined ? defaultPort : Number(port) };
}

function parseDatabase(path: string): number {
  if (!/^\d{0,5}$/.test(path)) throw new Error('the database is a number');
  return Number(path);
}

function parseUser(user: string | undefined): { readonly username?: string; readonly password?: string } {
  if (user === undefined || user === '') return {};
  const [name = '', ...rest] = user.split(':');
  return {
    ...(name === '' ? {} : { username: decoded(name) }),
    ...(rest.length === 0 ? {} : { password: decoded(rest.join(':')) }),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error('user name, password and name are percent-encoded');
  }
}
