import { isIPv4 } from 'node:net';
import type { Address, Environment } from '../../settings.ts';

/** Where one application reaches its sidecar, as settings of that sidecar. */
export interface AppPlace {
  readonly settings: Readonly<Record<'BIND_ADDRESS' | 'FULLMAKT_SIDECAR_SOCKET', string>>;
  /** What nobody else may have: `127.0.0.1:7171`, or `unix:` and a path. */
  readonly claims: readonly string[];
  /** What its requests may name as their host besides the usual names: 127.0.0.2 is as good a loopback address as any. */
  readonly hosts: readonly string[];
  /** The variable that says so. */
  readonly variable: string;
}

const PATH = '/api/v1/token';

/** From the variables of an application; undefined for one that has no client at any provider. A text says what is wrong. */
export function placeOf(variables: Environment): AppPlace | string | undefined {
  const socket = variables['FULLMAKT_SIDECAR_SOCKET'];
  if (socket !== undefined) {
    return {
      settings: { BIND_ADDRESS: 'none', FULLMAKT_SIDECAR_SOCKET: socket },
      claims: [`unix:${socket}`],
      hosts: [],
      variable: 'FULLMAKT_SIDECAR_SOCKET',
    };
  }
  const endpoint = variables['NAIS_TOKEN_ENDPOINT'];
  if (endpoint === undefined) return undefined;
  const hosts = loopbackHosts(endpoint);
  if (hosts === undefined) {
    return `NAIS_TOKEN_ENDPOINT is not http://, a loopback address, a port and ${PATH}`;
  }
  const { hostname, port } = new URL(endpoint);
  return {
    settings: { BIND_ADDRESS: `${hostname}:${port}`, FULLMAKT_SIDECAR_SOCKET: '' },
    hosts: [hostname],
    claims: hosts.map((host) => `${host}:${port}`),
    variable: 'NAIS_TOKEN_ENDPOINT',
  };
}

/** The addresses that the host of this URL stands for, if it is a URL of the kind. */
function loopbackHosts(endpoint: string): readonly string[] | undefined {
  if (!URL.canParse(endpoint)) return undefined;
  const { protocol, hostname, port, pathname, search, username } = new URL(endpoint);
  const isExact = endpoint === `${protocol}//${hostname}:${port}${pathname}` && search === '' && username === '';
  if (protocol !== 'http:' || pathname !== PATH || port === '' || port === '0' || !isExact) return undefined;
  if (hostname === 'localhost') return ['127.0.0.1', '[::1]'];
  if (hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'))) return [hostname];
  return undefined;
}

/** Whether an application that claims this would need what a listener at `address` has: one of all addresses has its port at each. */
export function isPlaceOf(claim: string, address: Address | undefined): boolean {
  if (address === undefined || address.port === 0 || claim.startsWith('unix:')) return false;
  const { host, port } = address;
  return host === '0.0.0.0' || host === '::' ? claim.endsWith(`:${port}`) : placesOf(address).includes(claim);
}

/** The places a listener at this address takes, as applications claim them. */
export function placesOf({ host, port }: Address): readonly string[] {
  const hosts = host === 'localhost' ? ['127.0.0.1', '[::1]'] : [host.includes(':') ? `[${host}]` : host];
  return hosts.map((each) => `${each}:${port}`);
}
