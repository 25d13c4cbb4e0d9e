import { invalidScope } from './errors.ts';

/**
 * Splits a scope value into its tokens, in order and without repetitions (RFC 6749 section 3.3). Extra spaces are ignored. Throws
 * `invalid_scope` on a character a scope token cannot have.
 */
export function parseScope(text: string): readonly string[] {
  const tokens = text.split(' ').filter((token) => token !== '');
  if (!tokens.every(isScopeToken))
    throw invalidScope('scope holds a character that is not allowed', { reason: 'scope-malformed' });
  return [...new Set(tokens)];
}

/** Printable ASCII but the space, the double quote and the backslash. */
function isScopeToken(token: string): boolean {
  for (let at = 0; at < token.length; at += 1) {
    const code = token.charCodeAt(at);
    if (code < 0x21 || code > 0x7e || code === 0x22 || code === 0x5c) return false;
  }
  return true;
}
