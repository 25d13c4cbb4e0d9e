const BEARER = 'bearer ';

/** Whether what should be a token is the value of an `Authorization` header (RFC 6750 2.1), which other libraries take for one. */
export function hasSchemeWord(text: string): boolean {
  return text.slice(0, BEARER.length).toLowerCase() === BEARER;
}
