import type { SourcePosition } from '../registry/model.ts';
import { problemAt } from './problem.ts';
import type { Problem } from './problem.ts';
import type { Place } from './tree.ts';

/** The reading of one document: collects problems and the position of every path. */
export interface Reading {
  readonly file: string;
  /** What an unknown field is: an Error in our kind, a Warning in pasted ones. */
  readonly unknownFields: 'Error' | 'Warning';
  /** Where else a field name occurs, for `belongs in`. */
  readonly elsewhere: ReadonlyMap<string, readonly string[]>;
  readonly problems: Problem[];
  readonly positions: Map<string, SourcePosition>;
}

/** What to say, without the place. */
export type Complaint = Pick<Problem, 'type' | 'code' | 'message'> & { readonly hint?: string | undefined };

/** Notes a problem. */
export function complain(reading: Reading, path: string, at: Place, complaint: Complaint): void {
  reading.problems.push(problemAt({ file: reading.file, line: at.line, column: at.column, path }, complaint));
}

/** Notes a problem at the place of a path that was read, or at the closest ancestor that was. */
export function complainAt(reading: Reading, path: string, complaint: Complaint): void {
  complain(reading, path, positionOf(reading, path), complaint);
}

/** Remembers where a path stands. */
export function mark(reading: Reading, path: string, at: Place): void {
  reading.positions.set(path, { file: reading.file, line: at.line, column: at.column, path });
}

/** The position of a path, or of its closest ancestor. */
export function positionOf(reading: Reading, path: string): SourcePosition {
  for (let known = path; known !== ''; known = known.replace(/(\.|^)[^.]*$/, '')) {
    const found = reading.positions.get(known);
    if (found !== undefined) return { ...found, path };
  }
  return { file: reading.file, line: 1, column: 1, path };
}
