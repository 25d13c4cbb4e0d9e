/** The one judgement of a request path. Pure. What it accepts is forwarded byte for byte; what it refuses is answered 400. */

declare const canonical: unique symbol;

/** What operators may admit with `path.allow`; such a path never matches an exempt rule. */
export type Laxness = 'semicolon' | 'double-slash' | 'encoded-slash';

/** All of them, for the settings table. */
export const LAXNESSES: readonly Laxness[] = ['semicolon', 'double-slash', 'encoded-slash'];

/** A path every parser on the way reads the same. Only `judgePath` makes one. */
export interface CanonicalPath {
  readonly [canonical]: true;
  /** Exactly what was received, and what is forwarded. */
  readonly raw: string;
  /** Percent-decoded once; one trailing `/` is ignored. */
  readonly segments: readonly string[];
  /** Admitted only because `path.allow` says so. */
  readonly lax: boolean;
  /** Whether there is a `%` in it: otherwise the segments are what was received. */
  readonly encoded: boolean;
}

/** Longest request target in bytes; more is answered 414. */
const MAX_TARGET_BYTES = 8192;

// oxlint-disable-next-line no-control-regex -- control bytes are exactly what is refused
const REFUSED_RAW = /[\u0000-\u0020\u007f-\uffff\\#?]/;
const MALFORMED_PERCENT = /%(?![0-9A-Fa-f]{2})/;
const REFUSED_ENCODED = /%(?:5[Cc]|3[Bb]|23|3[Ff]|[01][0-9A-Fa-f]|7[Ff])/;
const DOUBLE_ENCODED = /%25[0-9A-Fa-f]{2}/;
const ENCODED_SLASH = /%2[Ff]/;
// oxlint-disable-next-line no-control-regex -- control bytes are exactly what is refused
const REFUSED_IN_QUERY = /[\u0000-\u0020\u007f#]/;

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

function decodeAll(parts: readonly string[]): readonly string[] | undefined {
  const segments: string[] = [];
  for (const part of parts) {
    const segment = part.includes('%') ? decode(part) : part;
    if (segment === undefined) return undefined;
    segments.push(segment);
  }
  return segments;
}

/** Dot segments in any spelling, also as some parsers see them: before `;` and between encoded slashes. */
function hasDotSegment(segments: readonly string[]): boolean {
  return segments.some(
    (segment) =>
      segment.includes('.') &&
      segment.split('/').some((part) => {
        const bare = part.split(';')[0];
        return bare === '.' || bare === '..';
      }),
  );
}

function brand(path: {
  readonly raw: string;
  readonly segments: readonly string[];
  readonly lax: boolean;
  readonly encoded: boolean;
}): CanonicalPath {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- the only place that grants the brand
  return path as CanonicalPath;
}

function laxnessOf(raw: string): readonly Laxness[] {
  return [
    ...(raw.includes(';') ? (['semicolon'] as const) : []),
    ...(raw.includes('//') ? (['double-slash'] as const) : []),
    ...(ENCODED_SLASH.test(raw) ? (['encoded-slash'] as const) : []),
  ];
}

/** Judges a raw path (no query). Undefined means refuse with 400. */
export function judgePath(raw: string, allow: readonly Laxness[] = []): CanonicalPath | undefined {
  if (!raw.startsWith('/') || raw.length > MAX_TARGET_BYTES) return undefined;
  if (REFUSED_RAW.test(raw)) return undefined;
  const encoded = raw.includes('%');
  if (encoded && (MALFORMED_PERCENT.test(raw) || REFUSED_ENCODED.test(raw) || DOUBLE_ENCODED.test(raw)))
    return undefined;
  const used = laxnessOf(raw);
  if (used.some((one) => !allow.includes(one))) return undefined;
  const parts = raw.slice(1).split('/');
  if (parts.at(-1) === '') parts.pop();
  const segments = encoded ? decodeAll(parts) : parts;
  if (segments === undefined || hasDotSegment(segments)) return undefined;
  return brand({ raw, segments, lax: used.length > 0, encoded });
}

const READINGS: readonly ((segments: readonly string[]) => readonly string[])[] = [
  (segments) => segments.map((segment) => segment.split(';')[0] ?? ''),
  (segments) => segments.flatMap((segment) => segment.split('/')),
  (segments) => segments.map((segment) => segment.split(';')[0] ?? ''),
  (segments) => segments.filter((segment) => segment !== ''),
];

/** What applications may take a path for: as it is, without parameters, cut at encoded slashes, without empty segments. */
export function readingsOf(path: CanonicalPath): readonly (readonly string[])[] {
  let readings: readonly (readonly string[])[] = [path.segments];
  for (const read of READINGS) readings = [...readings, ...readings.map(read)];
  return readings;
}

/** Whether a raw query may be forwarded as it is. */
export function isForwardableQuery(query: string): boolean {
  return !REFUSED_IN_QUERY.test(query);
}

/** Whether `path` is `prefix` or lies below it, on a segment boundary. */
export function isUnder(path: Pick<CanonicalPath, 'segments'>, prefix: readonly string[]): boolean {
  return prefix.length <= path.segments.length && prefix.every((segment, index) => path.segments[index] === segment);
}
