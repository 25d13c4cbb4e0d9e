import type { z } from 'zod';

/** A field of a registration that cannot be used; `path` is its wire name, with an index inside lists. */
export interface RegistrationProblem {
  readonly path: string;
  readonly message: string;
}

/** What zod found, by the wire name of the field. A member that nobody knows is named itself. */
export function problemsOf(error: z.ZodError): readonly RegistrationProblem[] {
  return error.issues.flatMap((issue) => problemsOfIssue(issue, []));
}

function problemsOfIssue(issue: z.core.$ZodIssue, above: readonly string[]): readonly RegistrationProblem[] {
  const path = [...above, ...issue.path.map(String)];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key].join('.'), message: 'no such member' }));
  }
  if (issue.code === 'invalid_union') {
    // Of several shapes the one that was meant is the one whose own type fits.
    const meant = issue.errors.find((issues) => issues.every((each) => each.path.length > 0 || !isOfType(each)));
    if (meant !== undefined) return meant.flatMap((each) => problemsOfIssue(each, path));
  }
  return [{ path: path.join('.'), message: issue.message }];
}

function isOfType({ code }: z.core.$ZodIssue): boolean {
  return code === 'invalid_type';
}
