import { BlockList, isIP, isIPv4 } from 'node:net';
import { headerValues } from './headers.ts';
import type { HttpRequest } from './http.ts';

/** Peers whose `X-Forwarded-*` headers are believed. */
export interface TrustedProxies {
  has(address: string): boolean;
}

/** A set from addresses and CIDR ranges; an empty list trusts nobody. Throws an Error that names the entry it cannot read. */
export function createTrustedProxies(ranges: readonly string[]): TrustedProxies {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/');
    const family = isIP(address);
    const most = family === 4 ? 32 : 128;
    const bits = Number(prefix ?? most);
    // An empty prefix must not become 0, which would trust everybody.
    if (family === 0 || (prefix !== undefined && !/^\d{1,3}$/.test(prefix)) || bits > most)
      throw new Error(`${range} is not an address or a range such as 10.0.0.0/8`);
    list.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6');
  }
  return {
    has: (address) => isIP(address) !== 0 && list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6'),
  };
}

type Peer = Pick<HttpRequest, 'remoteAddress' | 'rawHeaders'>;

/** The client's address: the peer, or, read from the right while each hop is trusted, the first one that is not. */
export function clientAddress(request: Peer, trusted: TrustedProxies): string {
  let address = request.remoteAddress;
  for (const hop of chain(request).toReversed()) {
    if (!trusted.has(address) || isIP(hop) === 0) break;
    address = hop;
  }
  return address;
}

/** The `X-Forwarded-For` to send on: the peer, after the chain it sent if the peer is trusted. */
export function forwardedFor(request: Peer, trusted: TrustedProxies): string {
  if (!trusted.has(request.remoteAddress)) return request.remoteAddress;
  return [...chain(request), request.remoteAddress].join(', ');
}

function chain(request: Peer): readonly string[] {
  return headerValues(request.rawHeaders, 'x-forwarded-for')
    .flatMap((value) => value.split(','))
    .map((hop) => hop.trim())
    .filter((hop) => hop !== '');
}
