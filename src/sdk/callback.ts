/** Tells the application's callback something. What it throws, or rejects with later, is its own bug: dropped, for nobody is left to tell. */
export function tell<A>(callback: ((told: A) => unknown) | undefined, told: A): void {
  try {
    const outcome = callback?.(told);
    // A rejection nobody hears of would end the process.
    if (isThenable(outcome)) outcome.then(undefined, () => {});
  } catch {
    // Whoever is told must not be able to change an outcome.
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
