const TELL_EVERY_MILLISECONDS = 60_000;

/** The same, heard at most once a minute. */
export function seldom(tell: (reason: string) => void): (reason: string) => void {
  let next = -Infinity;
  return (reason) => {
    if (performance.now() < next) return;
    next = performance.now() + TELL_EVERY_MILLISECONDS;
    tell(reason);
  };
}
