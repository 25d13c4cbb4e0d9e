import { numberClaim, stringClaim } from '../../oauth/jwt.ts';
import { empty } from '../../web/http.ts';
import type { Handle } from '../../web/http.ts';
import { createClientEndpoint } from '../client/client-endpoint.ts';
import type { TokenAnswer, TokenQuestion } from '../client/client-endpoint.ts';
import type { ExchangeContext } from '../context.ts';
import { readOwnToken } from '../subject/own-token.ts';
import { defaultNotBefore, revoke } from './revocations.ts';

/** POST /revoke (RFC 7009): the client a token was issued to, or the application it is for, ends it. */
export function createRevocationEndpoint(context: ExchangeContext): Handle {
  return createClientEndpoint(context, 'revoke', revokeToken);
}

/** 200 whatever the token was (RFC 7009 2.2): nobody learns here whether it was one. */
async function revokeToken({ context, caller, token, facts }: TokenQuestion): Promise<TokenAnswer> {
  const response = empty(200, { 'Cache-Control': 'no-store', Pragma: 'no-cache' });
  const own = await readOwnToken(token, context);
  const jti = own === undefined ? undefined : stringClaim(own.claims, 'jti');
  const isTheirs = own?.clientId === caller.clientId || own?.audience.includes(caller.clientId) === true;
  if (own === undefined || jti === undefined || !isTheirs) return { response, reason: 'not-revoked' };
  const { config, now } = context;
  facts.jtiIn = jti;
  await revoke(
    context,
    {
      kind: 'jti',
      value: jti,
      notBefore: defaultNotBefore('jti', now()),
      expiresAt: Math.ceil(numberClaim(own.claims, 'exp') ?? now()) + config.skewSeconds,
    },
    { actor: caller.clientId, action: 'revoke', app: caller.clientId, detail: { kind: 'jti', value: jti } },
  );
  return { response, reason: 'revoked' };
}
