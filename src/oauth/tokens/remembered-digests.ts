const MAX_DIGESTS = 1024;
/** Longer keys are asked for seldom, and a thousand of the longest would take more than all tokens may. */
const MAX_CHARACTERS = 1024;

/** What is asked for over and over is not hashed each time: for a hit that would be a third of the work. */
export function remembered(digest: (tuple: string) => string): (tuple: string) => string {
  const known = new Map<string, string>();
  return (tuple) => {
    if (tuple.length > MAX_CHARACTERS) return digest(tuple);
    const found = known.get(tuple);
    if (found !== undefined) return found;
    if (known.size === MAX_DIGESTS) known.clear();
    const made = digest(tuple);
    known.set(tuple, made);
    return made;
  };
}
