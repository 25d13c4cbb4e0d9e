import { type Listener, type Program, serve } from '../web/serve.ts';

/** A program with its ports open. */
export interface Running {
  readonly listeners: readonly Listener[];
  /** Drains and closes the ports, then the program. */
  close(): Promise<void>;
}

const GRACE_SECONDS = 2;

/** Opens every port of a program; when one is taken, those already open are closed again and the error goes on. */
export async function listen(program: Program): Promise<Running> {
  const specs = program.listeners.map((spec) => ({ ...spec, setting: 'FULLMAKT_UP_PORT_OFFSET' }));
  const opened = await Promise.allSettled(specs.map(serve));
  const listeners = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const close = async (): Promise<void> => {
    await Promise.all(listeners.map((listener) => listener.close(GRACE_SECONDS)));
    await program.close();
  };
  const failed = opened.find((each) => each.status === 'rejected');
  if (failed !== undefined) {
    await close();
    throw failed.reason;
  }
  await program.start?.();
  return { listeners, close };
}
