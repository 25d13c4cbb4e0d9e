import { connect } from 'node:net';

/** One kept-alive connection, one request at a time; it costs the generator little. */
export interface Channel {
  ask(request: Uint8Array, answered: (status: number, body: Buffer) => void): void;
  close(): void;
}

const HEAD_END = '\r\n\r\n';

/** Opens a connection on this machine; `failed` is told when it breaks while open. */
export function openChannel(port: number, failed: (error: Error) => void): Promise<Channel> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let waiting: ((status: number, body: Buffer) => void) | undefined;
  let read: Buffer | undefined;
  let isClosed = false;
  socket.on('data', (chunk: Buffer) => {
    read = read === undefined ? chunk : Buffer.concat([read, chunk]);
    const end = read.indexOf(HEAD_END);
    if (end === -1) return;
    const head = read.toString('latin1', 0, end);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1]);
    const start = end + HEAD_END.length;
    if (read.length < start + length) return;
    const [done, body] = [waiting, read.subarray(start, start + length)];
    [waiting, read] = [undefined, undefined];
    done?.(Number(head.slice(9, 12)), body);
  });
  socket.once('close', () => {
    if (!isClosed) failed(new Error('a connection of the generator was closed'));
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.on('error', failed);
      resolve({
        ask(request, answered) {
          waiting = answered;
          socket.write(request);
        },
        close() {
          isClosed = true;
          socket.destroy();
        },
      });
    });
  });
}
