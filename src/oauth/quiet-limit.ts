/** Ends a call in which nothing comes any more. */
export interface QuietLimit {
  readonly signal: AbortSignal;
  /** Something came: the time begins again. */
  readonly touch: () => void;
  /** The call is over, well or badly. */
  readonly end: () => void;
}

/** So many seconds without a sign of the other side, from now on; undefined: any number. Keeps no process alive. */
export function createQuietLimit(seconds: number | undefined): QuietLimit {
  const quiet = new AbortController();
  if (seconds === undefined) return { signal: quiet.signal, touch: () => {}, end: () => {} };
  const timer = setTimeout(() => quiet.abort(), seconds * 1000);
  timer.unref();
  return { signal: quiet.signal, touch: () => void timer.refresh(), end: () => clearTimeout(timer) };
}
