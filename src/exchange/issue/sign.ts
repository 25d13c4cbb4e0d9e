import { signJws } from '../../oauth/jws.ts';
import type { SigningKey } from '../../oauth/jwk.ts';
import type { Claims } from '../../oauth/jwt.ts';
import { refuse } from '../errors.ts';

/** The longest token we issue: what fits a header line of most servers. */
const MAX_TOKEN_BYTES: number = 12 * 1024;

/** Step 15: signs, with `alg`, `kid` and `typ` in the header and nothing else. Throws `token-too-large`, never cuts. */
export async function signToken(claims: Claims, typ: string, key: SigningKey): Promise<string> {
  const token = await signJws({ typ }, claims, key);
  if (token.length > MAX_TOKEN_BYTES) {
    throw refuse('token-too-large', 'the token would be longer than 12 KiB: the target can name the claims it needs');
  }
  return token;
}
