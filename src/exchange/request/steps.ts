/** One step of a request: adds what it found to the state, or refuses by throwing. */
export type Step<S> = (state: S) => void | Promise<void>;

/** Takes the steps in their order; the first that refuses ends it. */
export async function takeSteps<S>(steps: readonly Step<S>[], state: S): Promise<void> {
  for (const step of steps) {
    const pending = step(state);
    // oxlint-disable-next-line no-await-in-loop -- each step needs what the one before it left
    if (pending !== undefined) await pending;
  }
}

/** What an earlier step left. Steps in an order that cannot work are a bug, and answer as one. */
export function left<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a step came before the one it builds on');
  return value;
}
