/** Encodes bytes (a string counts as UTF-8) as base64url without padding (RFC 7515 section 2). */
export function encodeBase64Url(bytes: Uint8Array | string): string {
  const buffer =
    typeof bytes === 'string'
      ? Buffer.from(bytes, 'utf8')
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString('base64url');
}

/** The last characters that leave no bit over, where a text ends with two characters of a group, or with three (RFC 4648 section 3.5). */
const LAST_OF_TWO = 'AQgw';
const LAST_OF_THREE = 'AEIMQUYcgkosw048';

/**
 * Decodes canonical base64url (RFC 7515 section 2); anything else is undefined. Refused: padding, white space, `+`, `/`,
 * an impossible length and stray last bits (RFC 4648 section 3.5).
 */
export function decodeBase64Url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return isCanonical(text, bytes.length) ? bytes : undefined;
}

/**
 * Whether Node's decoder, which is lenient, made so many bytes of a text because it is the one spelling of them. Each character it skips costs
 * a byte or leaves an impossible length; it takes `+` and `/` for others, and of a character beyond ASCII one byte only. To encode
 * again and compare says the same, but takes twice as long and leaves another text behind: 0.1 us for the two segments of each token.
 */
function isCanonical(text: string, bytes: number): boolean {
  const { length } = text;
  const left = length % 4;
  if (left === 1 || bytes !== Math.floor((length * 3) / 4)) return false;
  if (Buffer.byteLength(text) !== length || text.includes('+') || text.includes('/')) return false;
  return left === 0 || (left === 2 ? LAST_OF_TWO : LAST_OF_THREE).includes(text.charAt(length - 1));
}
