/** Settles with the first signal that asks for an end; a second one does not wait for anybody. */
export function untilSignal(): Promise<NodeJS.Signals> {
  const ending = Promise.withResolvers<NodeJS.Signals>();
  let signals = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (++signals > 1) process.exit(1);
      ending.resolve(signal);
    });
  }
  return ending.promise;
}
