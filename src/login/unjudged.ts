/** Tokens that nobody can judge now, for want of keys: that is the provider's trouble and no fault of the token. */
import { JoseError } from '../oauth/jws.ts';
import type { LoginParts } from './context.ts';

/**
 * Whether a token was refused only because keys could not be fetched: there are none, or the one it names may be in a newer key
 * document than the one we have.
 */
export function isUnjudged({ client }: LoginParts, error: unknown): boolean {
  if (!(error instanceof JoseError)) return false;
  return (
    error.code === 'keys_unavailable' || (error.code === 'key_unknown' && client.keySet.state().failure !== undefined)
  );
}
