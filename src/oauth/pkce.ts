import { createHash, randomBytes } from 'node:crypto';
import { encodeBase64Url } from './base64url.ts';

/** A new code verifier: 256 random bits, 43 characters (RFC 7636 section 4.1). */
export function createCodeVerifier(): string {
  return encodeBase64Url(randomBytes(32));
}

/** The S256 challenge of a verifier (RFC 7636 section 4.2). The method `plain` has no code. */
export function codeChallenge(verifier: string): string {
  return encodeBase64Url(createHash('sha256').update(verifier, 'ascii').digest());
}

/** Whether a text has the form of a code verifier: 43 to 128 unreserved characters (RFC 7636 section 4.1). */
export function isCodeVerifier(text: string): boolean {
  return /^[A-Za-z0-9\-._~]{43,128}$/u.test(text);
}
