const ENDING: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Settles with the first of these signals, which ask for an end; a second one does not wait for anybody. */
export function untilSignal(asking: readonly NodeJS.Signals[] = ENDING): Promise<NodeJS.Signals> {
  const ending = Promise.withResolvers<NodeJS.Signals>();
  let signals = 0;
  for (const signal of asking) {
    process.on(signal, () => {
      if (++signals > 1) process.exit(1);
      ending.resolve(signal);
    });
  }
  return ending.promise;
}
