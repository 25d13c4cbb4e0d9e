import { randomUUID } from 'node:crypto';
import { linkSync, lstatSync, renameSync, rmSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';

/** Somebody listens at the path of a Unix socket, or something else is there. The message names the path and the setting. */
export class SocketTaken extends Error {
  constructor({ name, setting, path }: SocketTarget, why: string, cause: unknown) {
    super(`${path} (${name}) ${why}; set ${setting} to another path`, { cause });
    this.name = 'SocketTaken';
  }
}

/** What to listen on. */
interface SocketTarget {
  readonly name: string;
  readonly setting: string;
  readonly path: string;
}

/** All but others may connect: mode 0660 from the first moment on. */
const UMASK = 0o117;

/** The longest path of a socket, in bytes, with the zero at its end. */
const MAX_PATH_BYTES = 108;

/**
 * Binds a server to a Unix socket that its user and group may connect to. What a process that is gone has left there is replaced; the
 * file goes when the server has closed, unless another has taken its place by then. Throws SocketTaken.
 *
 * Node removes whatever is at the path a server was bound to. So the socket is made under another name, which leads nowhere by then.
 */
export async function bindSocket(server: Server, target: SocketTarget): Promise<void> {
  const { path } = target;
  const made = join(dirname(path), `.${randomUUID().slice(0, 8)}`);
  const isLong = Buffer.byteLength(made) >= MAX_PATH_BYTES;
  try {
    await bind(server, isLong ? path : made);
    if (!isLong) place(made, path);
  } catch (error) {
    if (!['EADDRINUSE', 'EEXIST'].includes(String(codeOf(error)))) {
      throw await closed(server, new SocketTaken(target, 'cannot be made', error));
    }
    await replace(target, error, async () => (isLong ? bind(server, path) : place(made, path))).catch(
      async (fault: unknown) => {
        throw await closed(server, fault);
      },
    );
  }
  if (!isLong) {
    const own = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    server.once('close', () => {
      if (own !== undefined && isSame(own, lstatSync(path, { bigint: true, throwIfNoEntry: false })))
        removeQuietly(path);
    });
  }
  // A connection that cannot be taken, for want of file descriptors say, must not end the process.
  server.on('error', () => undefined);
}

/** Gives a socket the name it is reached by. Throws what has the code EEXIST when there is something. */
function place(made: string, path: string): void {
  try {
    linkSync(made, path);
  } catch (error) {
    // Not every file system has links.
    if (codeOf(error) === 'EEXIST' || lstatSync(path, { throwIfNoEntry: false }) !== undefined) throw error;
    renameSync(made, path);
  }
  removeQuietly(made);
}

function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The folder may belong to somebody else by now.
  }
}

/** One that does not listen any more has nothing to close. */
function closed(server: Server, fault: unknown): Promise<unknown> {
  return new Promise((resolve) => {
    server.close(() => resolve(fault));
  });
}

function isSame(one: BigIntStats, other: BigIntStats | undefined): boolean {
  return one.ino === other?.ino && one.mtimeNs === other.mtimeNs;
}

/** Several may find the same dead socket at one time: only one of them gets it out of the way, and only one the place. */
async function replace(target: SocketTarget, taken: unknown, again: () => Promise<void>): Promise<void> {
  const { path } = target;
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (found?.isSocket() === false) throw new SocketTaken(target, 'is a file that is no socket', taken);
  const inUse = (cause: unknown): SocketTaken => new SocketTaken(target, 'is in use by another process', cause);
  if (await isAnswered(path)) throw inUse(taken);
  try {
    if (found !== undefined && !remove(path, found)) throw inUse(taken);
    await again();
  } catch (error) {
    throw ['EADDRINUSE', 'EEXIST'].includes(String(codeOf(error))) ? inUse(error) : error;
  }
}

/** Removes this socket and no other that has taken its place meanwhile. Says whether the place is free. */
function remove(path: string, dead: BigIntStats): boolean {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return true;
    throw error;
  }
  const isDead = isSame(dead, lstatSync(aside, { bigint: true }));
  if (isDead) rmSync(aside, { force: true });
  else renameSync(aside, path);
  return isDead;
}

function bind(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // The file is made before the call returns, so nothing else is made under this mask.
    const before = process.umask(UMASK);
    try {
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}

/** Whether a process listens there: of one that is gone only the file is left, and a connection is refused. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => settle(true));
    // Full queue, no right to connect: somebody may be there.
    socket.once('error', (error) => settle(!['ECONNREFUSED', 'ENOENT'].includes(String(codeOf(error)))));
  });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
