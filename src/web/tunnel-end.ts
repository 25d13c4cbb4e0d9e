import type { Duplex } from 'node:stream';
import { hangUp } from './respond.ts';
import type { FrameTracker } from './websocket.ts';
import { closeFrame } from './websocket.ts';

/** Longest wait for the end of the frame that is on its way to the client. */
const FRAME_SECONDS: number = 5;

/** A tunnel that is open. */
export interface JoinedTunnel {
  /** The client's side. */
  readonly socket: Duplex;
  /** The application's side. */
  readonly peer: Duplex;
  /** What the application sent so far. */
  readonly frames: FrameTracker;
  /** The listener of `peer` that feeds it. */
  readonly track: (chunk: Buffer) => void;
}

/**
 * Ends a tunnel with a close frame to the client (RFC 6455 7.1.2) as soon as no frame is half through: inside one it would
 * be read as payload. Cuts it when none ends in five seconds, or when the client does not close in two.
 */
export function endTunnel(tunnel: JoinedTunnel, code: 1001 | 1008): void {
  const { socket, peer, frames, track } = tunnel;
  peer.unpipe(socket).off('data', track);
  if (frames.atBoundary()) {
    sayClose(tunnel, code);
    return;
  }
  const timer = setTimeout(() => socket.destroy(), FRAME_SECONDS * 1000);
  socket.once('close', () => clearTimeout(timer));
  const finishFrame = (chunk: Buffer): void => {
    const end = frames.pushToBoundary(chunk);
    if (!socket.write(chunk.subarray(0, end)) && end === undefined) {
      peer.pause();
      socket.once('drain', () => peer.resume());
    }
    if (end === undefined) return;
    clearTimeout(timer);
    peer.off('data', finishFrame);
    sayClose(tunnel, code);
  };
  peer.on('data', finishFrame).resume();
}

function sayClose({ socket, peer }: JoinedTunnel, code: 1001 | 1008): void {
  // What the application still says is dropped; what the client says, its own close frame above all, gets there.
  peer.resume();
  socket.end(closeFrame(code));
  hangUp(socket);
}
