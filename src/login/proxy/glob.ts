/** Path patterns: compiled once, matched against decoded segments in O(pattern × path), no regular expressions. Pure. */

/** A compiled pattern. */
export interface Glob {
  readonly source: string;
  /** Judges a path by its decoded segments. */
  matches(segments: readonly string[]): boolean;
  /** Whether it fits the undecoded path as well, as applications see it that route before they decode. */
  matchesSpelling(raw: string): boolean;
}

const ANY_DEPTH = '**';
const MAX_ALTERNATIVES = 64;
const MAX_PATTERN_CHARACTERS = 512;

function expandFirstBrace(pattern: string, source: string): readonly string[] {
  const open = pattern.indexOf('{');
  const close = pattern.indexOf('}');
  if (open === -1 && close === -1) return [pattern];
  const inner = pattern.slice(open + 1, close);
  if (open === -1 || close < open || inner.includes('{')) {
    throw new Error(`pattern ${source}: braces have to be closed and cannot be nested`);
  }
  return inner.split(',').map((choice) => pattern.slice(0, open) + choice + pattern.slice(close + 1));
}

function expandBraces(source: string): readonly string[] {
  let patterns: readonly string[] = [source];
  while (patterns.some((pattern) => pattern.includes('{') || pattern.includes('}'))) {
    patterns = patterns.flatMap((pattern) => expandFirstBrace(pattern, source));
    if (patterns.length > MAX_ALTERNATIVES)
      throw new Error(`pattern ${source}: more than ${MAX_ALTERNATIVES} alternatives`);
  }
  return patterns;
}

/** Greedy matching that remembers only the last star: each star is retried at most once per position. */
function matchWithStars<T>(
  pattern: readonly T[],
  text: readonly T[],
  rules: { readonly isStar: (one: T) => boolean; readonly same: (wanted: T, found: T) => boolean },
): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    const wanted = pattern[p];
    const found = text[t];
    if (wanted !== undefined && rules.isStar(wanted)) {
      star = p;
      resume = t;
      p += 1;
    } else if (wanted !== undefined && found !== undefined && rules.same(wanted, found)) {
      p += 1;
      t += 1;
    } else if (star !== -1) {
      p = star + 1;
      resume += 1;
      t = resume;
    } else {
      return false;
    }
  }
  return pattern.slice(p).every((rest) => rules.isStar(rest));
}

const CHARACTERS = {
  isStar: (one: string): boolean => one === '*',
  same: (wanted: string, found: string): boolean => wanted === '?' || wanted === found,
};

function segmentMatches(pattern: string, segment: string): boolean {
  if (pattern === segment && !pattern.includes('*') && !pattern.includes('?')) return true;
  if (pattern === '*') return segment !== '';
  if (!pattern.includes('*') && !pattern.includes('?')) return false;
  return matchWithStars(Array.from(pattern), Array.from(segment), CHARACTERS);
}

const SEGMENTS = {
  isStar: (one: string): boolean => one === ANY_DEPTH,
  same: segmentMatches,
};

function splitPattern(pattern: string): readonly string[] {
  const parts = pattern.slice(1).split('/');
  if (parts.at(-1) === '') parts.pop();
  return parts;
}

function fits(patterns: readonly (readonly string[])[], segments: readonly string[]): boolean {
  return patterns.some((pattern) => matchWithStars(pattern, segments, SEGMENTS));
}

/** Compiles a pattern; throws an Error that names it when it cannot mean anything. */
export function compileGlob(source: string): Glob {
  if (!source.startsWith('/')) throw new Error(`pattern ${source}: has to begin with /`);
  if (source.includes('[') || source.includes('\\')) throw new Error(`pattern ${source}: [ and \\ are not supported`);
  if (source.length > MAX_PATTERN_CHARACTERS)
    throw new Error(`pattern ${source}: longer than ${MAX_PATTERN_CHARACTERS}`);
  const alternatives = expandBraces(source).map(splitPattern);
  const spelt = alternatives.map((pattern) => pattern.map(encodeURI));
  return {
    source,
    matches: (segments) => fits(alternatives, segments),
    matchesSpelling: (raw) => fits(spelt, splitPattern(raw.replaceAll(/%../g, (byte) => byte.toUpperCase()))),
  };
}
