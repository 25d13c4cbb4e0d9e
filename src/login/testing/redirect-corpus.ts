/** The corpus of open-redirect strings, which lies beside the checkout where it is worked on. */
import { existsSync, readFileSync } from 'node:fs';

const CORPUS = new URL('../../../../shared/vectors/open-redirects.txt', import.meta.url);
const FEWEST = 500;

/** Why the corpus cannot be used here; false when it can. */
export const noCorpus: string | false = existsSync(CORPUS)
  ? false
  : 'the corpus of open-redirect strings is not beside this checkout';

/** Every line of the corpus. */
export function corpusLines(): readonly string[] {
  const lines = readFileSync(CORPUS, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  if (lines.length < FEWEST) throw new Error(`only ${lines.length} lines`);
  return lines;
}

/** A text as it is, decoded once and decoded twice; none twice. */
export function spellings(text: string): readonly string[] {
  return [...new Set([text, decoded(text), decoded(decoded(text))])];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
