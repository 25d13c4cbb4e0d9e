/** A token endpoint's refusal (RFC 6749 5.2). */
export class RefusedGrant extends Error {
  readonly status: number;
  readonly error: string;

  constructor(error: string, description: string) {
    super(description);
    this.name = 'RefusedGrant';
    this.error = error;
    this.status = error === 'invalid_client' ? 401 : 400;
  }
}

/** A parameter that has to be there, and perhaps to be this. Throws RefusedGrant `invalid_request`. */
export function required(form: URLSearchParams, name: string, value?: string): string {
  const given = form.getAll(name);
  const [first = ''] = given;
  if (given.length !== 1 || first === '') throw new RefusedGrant('invalid_request', `${name} has to be there once`);
  if (value !== undefined && first !== value) throw new RefusedGrant('invalid_request', `${name} has to be ${value}`);
  return first;
}
