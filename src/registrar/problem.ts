import type { SourcePosition } from '../registry/model.ts';

/** How much a problem matters. An Error keeps the app at its last good version. */
type ProblemType = 'Error' | 'Warning' | 'Deprecation' | 'Info';

/** The stable names of problems. */
type ProblemCode =
  | 'unknown-field'
  | 'missing-field'
  | 'wrong-type'
  | 'invalid-value'
  | 'conflict'
  | 'immutable'
  | 'duplicate-app'
  | 'ignored-field'
  | 'deprecated'
  | 'template-placeholder'
  | 'yaml'
  | 'ingress-taken'
  | 'resource-taken'
  | 'unknown-consumer'
  | 'unknown-target'
  | 'unused-permissions'
  | 'wildcard-network-only'
  | 'scope-owned'
  | 'prune-held';

/** One thing to say about a manifest. `source` is the spec path; line and column are 1-based. */
export interface Problem {
  readonly type: ProblemType;
  readonly code: ProblemCode;
  readonly source: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint?: string;
}

/** At most this many problems are kept of one document. */
const MAX_PROBLEMS = 100;

/** A problem at a position. */
export function problemAt(
  at: SourcePosition,
  problem: Pick<Problem, 'type' | 'code' | 'message'> & { readonly hint?: string | undefined },
): Problem {
  const { hint, ...rest } = problem;
  const { file, line, column, path } = at;
  return { ...rest, source: path, file, line, column, ...(hint === undefined ? {} : { hint }) };
}

/** `file:line:column type code path: message; hint` */
export function formatProblem(problem: Problem): string {
  const { file, line, column, type, code, source, message, hint } = problem;
  const place = source === '' ? '' : ` ${source}`;
  return `${file}:${line}:${column} ${type.toLowerCase()} ${code}${place}: ${message}${hint === undefined ? '' : `; ${hint}`}`;
}

/** Cuts a document's list so that one broken file cannot flood every other message. What refuses the app is kept first. */
export function capProblems(problems: readonly Problem[]): readonly Problem[] {
  if (problems.length <= MAX_PROBLEMS) return problems;
  const [errors, others] = [problems.filter(isError), problems.filter((problem) => !isError(problem))];
  return [...errors, ...others].slice(0, MAX_PROBLEMS);
}

/** True when an app with these problems must keep its last good version. */
export function hasError(problems: readonly Problem[]): boolean {
  return problems.some(isError);
}

function isError({ type }: Problem): boolean {
  return type === 'Error';
}
