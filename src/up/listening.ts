import { type Listener, type Program, serve } from '../web/serve.ts';

/** A program with its ports open. */
export interface Running {
  readonly listeners: readonly Listener[];
  /** Drains and closes the ports, then the program. */
  close(): Promise<void>;
}

/** When a program fetches ahead (keys, metadata): while everything starts, that would only stand in the way. */
export interface WarmUp {
  readonly after: Promise<unknown>;
  readonly failed: (error: unknown) => void;
}

const GRACE_SECONDS = 2;

/** Opens every port of a program; when one is taken, those already open are closed again and the error goes on. */
export async function listen(program: Program, warmUp?: WarmUp): Promise<Running> {
  const specs = program.listeners.map((spec) => ({ ...spec, setting: 'FULLMAKT_UP_PORT_OFFSET' }));
  const opened = await Promise.allSettled(specs.map(serve));
  const listeners = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  let closed = false;
  const close = async (): Promise<void> => {
    closed = true;
    await Promise.all(listeners.map((listener) => listener.close(GRACE_SECONDS)));
    await program.close();
  };
  const failed = opened.find((each) => each.status === 'rejected');
  if (failed !== undefined) {
    await close();
    throw failed.reason;
  }
  const start = async (): Promise<void> => {
    await warmUp?.after;
    if (!closed) await program.start?.();
  };
  if (warmUp === undefined) await start();
  else start().catch(warmUp.failed);
  return { listeners, close };
}
