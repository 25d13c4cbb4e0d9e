/** What has to be closed when it is over, last opened first. */
export interface Closers {
  add(close: () => unknown): void;
  /** Closes everything, whatever fails; then throws the first failure. */
  close(): Promise<void>;
}

/** An empty list. */
export function createClosers(): Closers {
  const closers: (() => unknown)[] = [];
  return {
    add: (close) => void closers.push(close),
    close: async () => {
      const failures: unknown[] = [];
      for (const close of closers.splice(0).toReversed()) {
        try {
          await close();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw failures[0];
    },
  };
}
