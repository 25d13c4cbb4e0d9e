/** A list of listeners: `notify` calls each in turn, also when an earlier one throws; the first error is thrown at the end. */
export function createListeners<T>(): { add(listener: (value: T) => void): () => void; notify(value: T): void } {
  const listeners = new Set<(value: T) => void>();
  return {
    add(listener) {
      const entry = (value: T): void => listener(value);
      listeners.add(entry);
      return () => {
        listeners.delete(entry);
      };
    },
    notify(value) {
      const failures: unknown[] = [];
      for (const listener of listeners) {
        try {
          listener(value);
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw failures[0];
    },
  };
}
