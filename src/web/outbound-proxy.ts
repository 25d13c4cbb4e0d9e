import { BlockList, isIP } from 'node:net';

/** A way out through another server. */
export interface OutboundProxy {
  /** `http://host:port`, with user and password where it wants them. */
  readonly url: string;
  /** What is called without it, as in NO_PROXY. */
  readonly except?: string | undefined;
}

/**
 * Whether a URL is called without the proxy. Each entry, with commas between, is `*`, a host (which stands for those below it too, with or
 * without a dot or `*.` before it), an address, or a network (10.0.0.0/8); a port may follow a host.
 */
export function isExcepted(url: URL, except: string): boolean {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  const port = url.port === '' ? '443' : url.port;
  return except
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== '' && fits(entry, host, port));
}

function fits(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (isIP(host) !== 0 && entry.includes('/')) return isInside(host, entry);
  const [, name = entry, wanted] = /^(\[[^\]]*\]|[^:]+):(\d+)$/.exec(entry) ?? [];
  if (wanted !== undefined && wanted !== port) return false;
  const domain = name.replace(/^\[(.*)\]$/, '$1').replace(/^\*?\./, '');
  return host === domain || (isIP(host) === 0 && host.endsWith(`.${domain}`));
}

function isInside(host: string, network: string): boolean {
  const [address = '', bits = ''] = network.split('/');
  const most = isIP(address) === 4 ? 32 : 128;
  if (isIP(address) === 0 || isIP(address) !== isIP(host) || !/^\d{1,3}$/.test(bits) || Number(bits) > most)
    return false;
  const family = isIP(host) === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(address, Number(bits), family);
  return list.check(host, family);
}
