/** Encodes bytes (a string counts as UTF-8) as base64url without padding (RFC 7515 section 2). */
export function encodeBase64Url(bytes: Uint8Array | string): string {
  const buffer =
    typeof bytes === 'string'
      ? Buffer.from(bytes, 'utf8')
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString('base64url');
}

/**
 * Decodes canonical base64url (RFC 7515 section 2); anything else is undefined. Refused: padding, white space, `+`, `/`,
 * an impossible length and stray last bits (RFC 4648 section 3.5).
 */
export function decodeBase64Url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  // Node's decoder skips what it does not know. Encoding again is the proof that nothing was skipped.
  return bytes.toString('base64url') === text ? bytes : undefined;
}
