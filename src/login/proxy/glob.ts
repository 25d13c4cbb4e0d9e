/** Path patterns: compiled once, matched against decoded segments in O(pattern × path), no regular expressions. Pure. */

/** A compiled pattern. */
export interface Glob {
  readonly source: string;
  /** Judges a path by its decoded segments. */
  matches(segments: readonly string[]): boolean;
  /** Whether it fits the undecoded path as well, as applications see it that route before they decode. */
  matchesSpelling(raw: string): boolean;
}

/** One segment of a pattern: any number of segments, exactly one, a text, or characters among which `*` and `?` may be. */
type Part =
  | { readonly kind: 'depth' }
  | { readonly kind: 'one' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'characters'; readonly characters: readonly string[] };

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
function matchWithStars<P, T>(
  pattern: readonly P[],
  text: readonly T[],
  rules: { readonly isStar: (one: P) => boolean; readonly same: (wanted: P, found: T) => boolean },
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
  for (; p < pattern.length; p += 1) {
    const rest = pattern[p];
    if (rest !== undefined && !rules.isStar(rest)) return false;
  }
  return true;
}

const CHARACTERS = {
  isStar: (one: string): boolean => one === '*',
  same: (wanted: string, found: string): boolean => wanted === '?' || wanted === found,
};

function segmentMatches(part: Part, segment: string): boolean {
  if (part.kind === 'text') return part.text === segment;
  if (part.kind === 'one') return segment !== '';
  return part.kind === 'characters' && matchWithStars(part.characters, Array.from(segment), CHARACTERS);
}

const SEGMENTS = {
  isStar: (one: Part): boolean => one.kind === 'depth',
  same: segmentMatches,
};

function splitPath(path: string): readonly string[] {
  const parts = path.slice(1).split('/');
  if (parts.at(-1) === '') parts.pop();
  return parts;
}

function compilePart(text: string): Part {
  if (text === '**') return { kind: 'depth' };
  if (text === '*') return { kind: 'one' };
  if (!text.includes('*') && !text.includes('?')) return { kind: 'text', text };
  return { kind: 'characters', characters: Array.from(text) };
}

function fits(patterns: readonly (readonly Part[])[], segments: readonly string[]): boolean {
  for (const pattern of patterns) if (matchWithStars(pattern, segments, SEGMENTS)) return true;
  return false;
}

/** Compiles a pattern; throws an Error that names it when it cannot mean anything. */
export function compileGlob(source: string): Glob {
  if (!source.startsWith('/')) throw new Error(`pattern ${source}: has to begin with /`);
  if (source.includes('[') || source.includes('\\')) throw new Error(`pattern ${source}: [ and \\ are not supported`);
  if (source.length > MAX_PATTERN_CHARACTERS)
    throw new Error(`pattern ${source}: longer than ${MAX_PATTERN_CHARACTERS}`);
  const alternatives = expandBraces(source).map(splitPath);
  const decoded = alternatives.map((pattern) => pattern.map(compilePart));
  const spelt = alternatives.map((pattern) => pattern.map((part) => compilePart(encodeURI(part))));
  return {
    source,
    matches: (segments) => fits(decoded, segments),
    matchesSpelling: (raw) => fits(spelt, splitPath(raw.replaceAll(/%../g, (byte) => byte.toUpperCase()))),
  };
}
