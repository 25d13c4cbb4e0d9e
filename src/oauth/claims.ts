/** The claims of a token, as they were sent (RFC 7519 section 4). */
export type Claims = Readonly<Record<string, unknown>>;

/** The claim if it is a string. */
export function stringClaim(claims: Claims, name: string): string | undefined {
  const value = ownClaim(claims, name);
  return typeof value === 'string' ? value : undefined;
}

/** The claim if it is a finite number. */
export function numberClaim(claims: Claims, name: string): number | undefined {
  const value = ownClaim(claims, name);
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** The claim if it is a string (a list of one) or an array of strings. */
export function stringListClaim(claims: Claims, name: string): readonly string[] | undefined {
  const value = ownClaim(claims, name);
  if (typeof value === 'string') return [value];
  return Array.isArray(value) && value.every(isText) ? value : undefined;
}

/** What the token itself says under this name; undefined if nothing. */
export function ownClaim(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

/** Whether a value is a string. */
export function isText(value: unknown): value is string {
  return typeof value === 'string';
}
