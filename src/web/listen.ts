import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { bindSocket } from './listen-socket.ts';

/** A port that a listener needs is in use. The message names the listener, the port and the setting that moves it. */
export class PortTaken extends Error {
  readonly setting: string;
  constructor(listener: { readonly name: string; readonly setting: string; readonly port: number }, cause: unknown) {
    super(`port ${listener.port} (${listener.name}) is already in use; set ${listener.setting} to another one`, {
      cause,
    });
    this.name = 'PortTaken';
    this.setting = listener.setting;
  }
}

/** No listener can be at that address: it is no address of this machine, no name of one, or not ours to take. */
export class PlaceUnusable extends Error {
  constructor({ name, setting, host, port }: ListenTarget, cause: unknown) {
    super(`${host}:${port} (${name}) is no place to listen on (${codeOf(cause)}); set ${setting} to another address`, {
      cause,
    });
    this.name = 'PlaceUnusable';
  }
}

/** What to listen on; `localhost` stands for 127.0.0.1 and, where the machine has it, ::1. */
export interface ListenTarget {
  readonly name: string;
  readonly setting: string;
  readonly host: string;
  readonly port: number;
  /** Path of a Unix socket, in place of host and port. */
  readonly path?: string;
}

/** Tries for a port that is free on both loopback addresses when the system chooses it. */
const ATTEMPTS: number = 10;

/**
 * Binds one server for each address of the target, all to one port, made by `create`. Either every address is bound
 * or none is. Throws PortTaken, PlaceUnusable, SocketTaken.
 */
export async function listen(
  target: ListenTarget,
  create: () => Server,
): Promise<{ readonly servers: readonly Server[]; readonly port: number }> {
  if (target.path !== undefined) {
    const server = create();
    await bindSocket(server, { ...target, path: target.path });
    return { servers: [server], port: 0 };
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      return target.host === 'localhost' ? await bindLoopback(target, create) : await bindOne(target, create);
    } catch (error) {
      if (codeOf(error) !== 'EADDRINUSE') throw new PlaceUnusable(target, error);
      if (target.port !== 0 || attempt === ATTEMPTS) throw new PortTaken(target, error);
    }
  }
}

async function bindOne(target: ListenTarget, create: () => Server): Promise<{ servers: Server[]; port: number }> {
  const server = create();
  return { servers: [server], port: await bind(server, target.host, target.port) };
}

async function bindLoopback(target: ListenTarget, create: () => Server): Promise<{ servers: Server[]; port: number }> {
  const first = await bindOne({ ...target, host: '127.0.0.1' }, create);
  const second = create();
  try {
    await bind(second, '::1', first.port);
    return { servers: [...first.servers, second], port: first.port };
  } catch (error) {
    if (codeOf(error) === 'EADDRNOTAVAIL' || codeOf(error) === 'EAFNOSUPPORT') return first;
    await Promise.all(first.servers.map((server) => new Promise((resolve) => server.close(resolve))));
    throw error;
  }
}

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      // A connection that cannot be taken, for want of file descriptors say, must not end the process.
      server.on('error', () => undefined);
      resolve(portOf(server.address()));
    });
  });
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('server has no port');
  return address.port;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
