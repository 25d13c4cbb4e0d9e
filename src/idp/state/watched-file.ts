import { readFileSync, statSync } from 'node:fs';

/**
 * Looks at a file when asked: its text when it is another than last time, undefined when it is the same, gone or cannot be read. In
 * these cases what was known stays true, and the next call looks again.
 */
export function watchFile(file: string): () => string | undefined {
  let seen = '';
  return () => {
    try {
      const now = stampOf(file);
      if (now === undefined || now === seen) return undefined;
      const text = readFileSync(file, 'utf8');
      seen = now;
      return text;
    } catch {
      return undefined;
    }
  };
}

function stampOf(file: string): string | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.mtimeMs} ${stat.size} ${stat.ino}`;
}
