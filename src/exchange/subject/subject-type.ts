import { TOKEN_TYPE } from '../../oauth/client-assertion.ts';

const TYPES: Readonly<Record<string, string>> = { jwt: TOKEN_TYPE.jwt, access_token: TOKEN_TYPE.accessToken };

/** Whether a `subject_token_type` is one of the kinds that are taken, by their names in the settings. */
export function isTypeOf(kinds: readonly string[], type: string): boolean {
  return kinds.some((kind) => TYPES[kind] === type);
}

/** What `subject_token_type` may be, in words. */
export function describeTypes(kinds: readonly string[]): string {
  return `it has to be ${kinds.map((kind) => TYPES[kind] ?? kind).join(' or ')}`;
}
