/** Which addresses a program may be sent to by a name that somebody else controls. */
import { BlockList, isIP } from 'node:net';

/**
 * `never`: link-local (RFC 3927, RFC 4291 2.5.6), the metadata services of clouds, and what is no address of one machine.
 * `private`: this machine and private networks (RFC 1918, RFC 4193, RFC 6598).
 */
export type AddressKind = 'never' | 'private' | 'public';

type Net = readonly [string, number];

// Two metadata services sit at addresses that are not link-local.
const NEVER_4: readonly Net[] = [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];
// 6to4 and Teredo carry an IPv4 address that nobody checks, and nobody needs them any more (RFC 7526).
const NEVER_6: readonly Net[] = [
  ['::', 128],
  ['fe80::', 10],
  ['ff00::', 8],
  ['fd00:ec2::254', 128],
  ['2001::', 32],
  ['2002::', 16],
];
const PRIVATE_4: readonly Net[] = [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
];
const PRIVATE_6: readonly Net[] = [
  ['fc00::', 7],
  ['fec0::', 10],
  ['64:ff9b:1::', 48],
];
/** An IPv4 address in its last 32 bits: translated (RFC 6052), translated by SIIT (RFC 2765), "compatible" (RFC 4291 2.5.5.1). */
const CARRIERS: readonly string[] = ['64:ff9b::', '::ffff:0:', '::'];

// First of all: it lies among the addresses that carry 0.0.0.0/8.
const loopback6 = blockList([], [['::1', 128]]);
const never = blockList(NEVER_4, NEVER_6);
const ours = blockList(PRIVATE_4, PRIVATE_6);

/** What an address is; what cannot be read as one is `never`. A zone (`%eth0`) does not count. */
export function addressKind(address: string): AddressKind {
  const [text = ''] = address.split('%');
  const version = isIP(text);
  if (version === 0) return 'never';
  const family = version === 4 ? 'ipv4' : 'ipv6';
  if (loopback6.check(text, family)) return 'private';
  if (never.check(text, family)) return 'never';
  return ours.check(text, family) ? 'private' : 'public';
}

/** Addresses mapped into IPv6 (`::ffff:a.b.c.d`) meet the IPv4 rules by themselves. */
function blockList(ipv4: readonly Net[], ipv6: readonly Net[]): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of ipv6) list.addSubnet(net, prefix, 'ipv6');
  for (const [net, prefix] of ipv4) {
    list.addSubnet(net, prefix, 'ipv4');
    for (const carrier of CARRIERS) list.addSubnet(`${carrier}${net}`, 96 + prefix, 'ipv6');
  }
  return list;
}
