import { TOKEN_TYPE } from '../../oauth/client-assertion.ts';
import { stringClaim } from '../../oauth/jwt.ts';
import { refuse } from '../errors.ts';
import { readOwnToken } from './own-token.ts';
import { isRevoked } from '../revocation/revoked.ts';
import { left } from '../request/steps.ts';
import type { TokenRequest } from '../request/token-request.ts';

const TYPES: ReadonlySet<string> = new Set([TOKEN_TYPE.jwt, TOKEN_TYPE.accessToken]);

/**
 * Step 13, after the subject: an actor token, if one was sent, is the caller's own (RFC 8693 1.1, 2.1). The new token names the
 * caller as its actor anyway, so this adds nothing but a second proof, and nobody else comes in by it. Whom it was issued for is
 * not asked: an application got it with client credentials, and only that application can present it here.
 */
export async function verifyActor(state: TokenRequest): Promise<void> {
  const [asked, { clientId: caller }] = [left(state.asked), left(state.caller)];
  if (asked.grant !== 'token-exchange' || asked.actor === undefined) return;
  const { token, type } = asked.actor;
  if (!TYPES.has(type)) throw refuse('actor-type', 'actor_token_type is not accepted');
  const own = await readOwnToken(token, state.context);
  if (own === undefined) throw refuse('actor-invalid', 'actor token: not a token of this server, or not one any more');
  const { claims, kid } = own;
  if (Object.hasOwn(claims, 'cnf')) throw refuse('actor-invalid', 'actor token: bound tokens are not accepted');
  // Behind a token with another `idp` stands a user of that provider, whatever the user is called there.
  const { issuer } = state.context.config;
  const idp = stringClaim(claims, 'idp') ?? issuer;
  if (claims['sub'] !== caller || idp !== issuer) {
    throw refuse('actor-not-caller', `actor token: it does not stand for ${caller}`);
  }
  if (isRevoked({ claims, idp, ownKid: kid }, state.context.registry.snapshot())) {
    throw refuse('actor-invalid', 'actor token: revoked');
  }
}
