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
  const given = form.get(name) ?? '';
  if (given === '') throw new RefusedGrant('invalid_request', `${name} is missing`);
  if (value !== undefined && given !== value) throw new RefusedGrant('invalid_request', `${name} has to be ${value}`);
  return given;
}
