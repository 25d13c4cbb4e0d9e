import type { z } from 'zod';
import { problemsOf } from '../clients/registration-problem.ts';
import type { RegistrationProblem } from '../clients/registration-problem.ts';

type Kind = 'invalid_request' | 'unauthorized' | 'forbidden' | 'not_found' | 'conflict' | 'unprocessable';

const STATUS: Readonly<Record<Kind, number>> = {
  invalid_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  unprocessable: 422,
};

/** Why a request to the control API is not done. `path` is the field at fault, by its wire name. */
export class ControlProblem extends Error {
  readonly error: Kind;
  readonly status: number;
  readonly path: string | undefined;
  constructor(error: Kind, message: string, path?: string) {
    super(message);
    this.name = 'ControlProblem';
    this.error = error;
    this.status = STATUS[error];
    this.path = path;
  }
}

/** The first of these problems as a refusal. */
export function unprocessable(problems: readonly RegistrationProblem[]): ControlProblem {
  const [{ path, message } = { path: '', message: 'not usable' }] = problems;
  return new ControlProblem('unprocessable', path === '' ? message : `${path}: ${message}`, path);
}

/** Reads a value by its schema. Throws ControlProblem. */
export function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw unprocessable(problemsOf(result.error));
}
