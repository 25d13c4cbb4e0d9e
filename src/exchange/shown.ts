/** Enough to recognise an id or an address by. */
const MAX_CHARACTERS = 200;

/**
 * What a caller sent, fit to be told it back (RFC 6749 5.2): printable ASCII without quotes and backslashes, and no longer than
 * anybody reads. Nothing at all is `null`.
 */
export function shown(text: string | undefined): string {
  if (text === undefined) return 'null';
  return text.slice(0, MAX_CHARACTERS).replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/gu, '');
}
