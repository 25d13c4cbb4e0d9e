import { statSync } from 'node:fs';

/** Tells, whenever it is asked, whether a path still leads to the file that it leads to now: one that was removed or replaced while it is open is seen by nobody else. Throws when there is no such file. */
export function watchFile(path: string): () => boolean {
  const { dev, ino } = statSync(path);
  return () => {
    try {
      const found = statSync(path);
      return found.dev === dev && found.ino === ino;
    } catch {
      return false;
    }
  };
}
