import { type Listener, type ListenerSpec, type Program, serve } from '../web/serve.ts';

/** Open ports, and the program behind them. */
export interface Running {
  readonly listeners: readonly Listener[];
  /** Drains and closes the ports, then the program where there is one. */
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
  const ports = await openAll(specs).catch(async (error: unknown) => {
    await program.close();
    throw error;
  });
  let closed = false;
  const close = async (): Promise<void> => {
    closed = true;
    await ports.close();
    await program.close();
  };
  const start = async (): Promise<void> => {
    await warmUp?.after;
    if (!closed) await program.start?.();
  };
  if (warmUp === undefined) await start();
  else start().catch(warmUp.failed);
  return { listeners: ports.listeners, close };
}

/** Opens every port, or none: when one is taken, those already open are closed again and the error goes on. Closing waits so long for answers. */
export async function openAll(specs: readonly ListenerSpec[], graceSeconds: number = GRACE_SECONDS): Promise<Running> {
  const opened = await Promise.allSettled(specs.map(serve));
  const listeners = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const close = async (): Promise<void> => {
    await Promise.all(listeners.map((listener) => listener.close(graceSeconds)));
  };
  const failed = opened.find((each) => each.status === 'rejected');
  if (failed === undefined) return { listeners, close };
  await close();
  throw failed.reason;
}
