import { isIPv4, isIPv6, connect, type Socket } from 'node:net';
import { once } from 'node:events';

/** Throws unless this host name or address can only mean this machine. */
export function assertLoopback(host: string): void {
  const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  const is = name === 'localhost' || (isIPv4(name) && name.startsWith('127.')) || (isIPv6(name) && name === '::1');
  if (!is) throw new Error(`tests speak to this machine only, not to ${host}`);
}

/** `fetch` for hostile tests: refuses every target but this machine before a byte is sent, and follows no redirect. */
export async function loopbackFetch(url: string | URL, init: RequestInit = {}): Promise<Response> {
  assertLoopback(new URL(url).hostname);
  return fetch(url, { ...init, redirect: 'manual' });
}

/** A raw socket to this machine, connected; the peer's address is checked as well as the name, before anything is written. */
export async function loopbackSocket(target: { readonly host: string; readonly port: number }): Promise<Socket> {
  assertLoopback(target.host);
  const socket = connect({ ...target, allowHalfOpen: true });
  await once(socket, 'connect');
  try {
    assertLoopback((socket.remoteAddress ?? 'nobody').replace(/^::ffff:/, ''));
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return socket;
}
