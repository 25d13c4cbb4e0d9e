import type { IncomingMessage } from 'node:http';
import { BodyTooLarge } from './http.ts';
import { BODY_BYTES } from './limits.ts';

/** The client went away before its request body was complete. */
export class BodyAborted extends Error {
  constructor() {
    super('client went away before its request body was complete');
    this.name = 'BodyAborted';
  }
}

/**
 * All bytes of a message. Rejects with BodyTooLarge and BodyAborted. One that came in one piece is taken as it is: the message then says
 * neither that it ended nor that it closed, and nobody may wait for that.
 */
export function readWhole(incoming: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const declared = Number(incoming.headers['content-length'] ?? 0);
  if (declared > limitBytes) return Promise.reject(new BodyTooLarge(limitBytes));
  // What came in one piece is taken without the events of a stream.
  const whole = declared <= BODY_BYTES && isAllHere(incoming, declared) ? takeWhole(incoming) : undefined;
  if (whole !== undefined) return Promise.resolve(whole);
  return new Promise((resolve, reject) => listenFor(incoming, limitBytes, { resolve, reject }));
}

/** Whether all bytes of a body of this declared length are here, not yet read by anybody. */
export function isAllHere(incoming: IncomingMessage, declaredBytes: number): boolean {
  return declaredBytes > 0 && incoming.readableLength >= declaredBytes;
}

function takeWhole(incoming: IncomingMessage): Buffer | undefined {
  // Whoever has begun to read it, or waits for its end, sees a stream.
  if (incoming.destroyed || incoming.readableFlowing !== null || incoming.listenerCount('end') > 0) return undefined;
  const read: unknown = incoming.read();
  return Buffer.isBuffer(read) ? read : undefined;
}

function listenFor(
  incoming: IncomingMessage,
  limitBytes: number,
  { resolve, reject }: { readonly resolve: (whole: Buffer) => void; readonly reject: (error: Error) => void },
): void {
  const chunks: Buffer[] = [];
  let length = 0;
  const onData = (chunk: Buffer): void => {
    length += chunk.length;
    chunks.push(chunk);
    if (length > limitBytes) {
      incoming.pause();
      incoming.off('data', onData);
      reject(new BodyTooLarge(limitBytes));
    }
  };
  // Listeners stay where they are, for the message goes with them: what comes after the first outcome changes nothing.
  const onEnd = (): void => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
  const onLost = (): void => {
    // Every message that is listened to is closed in the end, read or not.
    if (!incoming.readableEnded) reject(new BodyAborted());
  };
  if (incoming.destroyed && !incoming.readableEnded) return onLost();
  incoming.on('data', onData).on('end', onEnd).on('error', onLost).on('close', onLost);
}
