import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { CrowdAnswers } from './crowd-task.ts';

/** Connections that are kept for later, and tunnels that stand. */
export interface Held {
  open(requests: {
    readonly idle: readonly Buffer[];
    readonly tunnels: readonly Buffer[];
  }): Promise<CrowdAnswers['hold']>;
  echo(): Promise<CrowdAnswers['echo']>;
  close(): void;
}

const AT_A_TIME = 100;
const LINE_CHARACTERS = 60;
/** A masked text frame that says `hi`. */
const FRAME = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]);
const ECHO_WITHIN_MS = 5000;

/** Connections to a port of this machine. */
export function createHeld(port: number): Held {
  const idle: Socket[] = [];
  const tunnels: Socket[] = [];

  const openOne = async (request: Buffer, status: string): Promise<Socket> => {
    const socket = connect({ port, host: '127.0.0.1' });
    const { promise: head, resolve, reject } = Promise.withResolvers<string>();
    // A connection that is let go later is counted, not mourned.
    socket.on('error', () => socket.destroy());
    socket.once('close', () => reject(new Error('the connection was closed')));
    socket.once('data', (chunk: Buffer) => resolve(chunk.toString('latin1')));
    socket.write(request);
    const line = (await head).slice(0, LINE_CHARACTERS);
    if (!line.startsWith(`HTTP/1.1 ${status}`)) throw new Error(`answered ${line}`);
    socket.resume();
    return socket;
  };
  /** Who comes when all places are taken is turned away once, and makes those go that only wait. */
  const openInTheEnd = (request: Buffer, status: string): Promise<Socket> =>
    openOne(request, status).catch(() => openOne(request, status));
  const openAll = async (requests: readonly Buffer[], status: string, into: Socket[]): Promise<void> => {
    for (let first = 0; first < requests.length; first += AT_A_TIME) {
      const some = requests.slice(first, first + AT_A_TIME);
      into.push(...(await Promise.all(some.map((request) => openInTheEnd(request, status)))));
    }
  };
  /** Those that nobody let go. */
  const standing = (): number => idle.filter((socket) => !socket.destroyed && socket.readable).length;

  return {
    async open(requests) {
      await openAll(requests.idle, '200', idle);
      await openAll(requests.tunnels, '101', tunnels);
      return { idle: standing(), tunnels: tunnels.length };
    },
    async echo() {
      const asked = tunnels.map(async (socket) => {
        const heard = once(socket, 'data', { signal: AbortSignal.timeout(ECHO_WITHIN_MS) });
        socket.write(FRAME);
        await heard;
      });
      const answered = await Promise.allSettled(asked);
      return { idle: standing(), tunnels: answered.filter(({ status }) => status === 'fulfilled').length };
    },
    close() {
      for (const socket of [...idle, ...tunnels]) socket.destroy();
    },
  };
}
