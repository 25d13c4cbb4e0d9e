import { crashText } from './on-crash.ts';

/** Mistakes that a person can mend, and what the machine refused, are said in one sentence; anything else is a bug and keeps its frames. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return crashText(error);
  if ('syscall' in error) return error.message;
  const ours = Object.getPrototypeOf(error.constructor) === Error && !(error.constructor.name in globalThis);
  return ours ? error.message : crashText(error);
}
