/** What a token endpoint calls a fault. */
export interface FaultName {
  readonly error: string;
  /** The provider's own number, as `7000114` of Entra ID or `MP-124` of Maskinporten. */
  readonly number?: string;
}

/** A token endpoint's refusal (RFC 6749 5.2). */
export class RefusedGrant extends Error {
  readonly status: number;
  readonly error: string;
  readonly number: string | undefined;

  constructor(name: string | FaultName, description: string) {
    const { error, number }: FaultName = typeof name === 'string' ? { error: name } : name;
    super(description);
    this.name = 'RefusedGrant';
    this.error = error;
    this.number = number;
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
