import { parseJwt } from '../../oauth/jwt.ts';
import type { Provider } from '../provider/provider.ts';

/**
 * The provider a token says it is from. Nothing else of it is believed before its signature is. Undefined where it is none of these;
 * throws JoseError for what is no token.
 */
export function providerNamedIn(token: string, candidates: Iterable<Provider>): Provider | undefined {
  const { iss } = parseJwt(token).claims;
  if (typeof iss !== 'string') return undefined;
  const wanted = withoutSlash(iss);
  for (const candidate of candidates) {
    // Whether the last slash is right is judged with the keys at hand, for it may be metadata that knows.
    if (withoutSlash(candidate.issuerName()) === wanted) return candidate;
  }
  return undefined;
}

function withoutSlash(issuer: string): string {
  return issuer.endsWith('/') ? issuer.slice(0, -1) : issuer;
}
