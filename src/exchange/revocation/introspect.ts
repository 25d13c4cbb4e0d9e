import { stringClaim } from '../../oauth/jwt.ts';
import { json } from '../../web/http.ts';
import type { Handle } from '../../web/http.ts';
import { createClientEndpoint } from '../client/client-endpoint.ts';
import type { TokenAnswer, TokenQuestion } from '../client/client-endpoint.ts';
import type { ExchangeContext } from '../context.ts';
import { isHonoured, readOwnToken } from '../subject/own-token.ts';

const HEADERS = { 'Cache-Control': 'no-store', Pragma: 'no-cache' };

/** POST /introspect (RFC 7662): what a token says, told to the application it is for and to nobody else. */
export function createIntrospectionEndpoint(context: ExchangeContext): Handle {
  return createClientEndpoint(context, 'introspect', introspect);
}

/** Everything that is not an honoured token of ours for the caller looks the same (RFC 7662 2.2). */
async function introspect({ context, caller, token, facts }: TokenQuestion): Promise<TokenAnswer> {
  const own = await readOwnToken(token, context);
  const { issuers, config, registry } = context;
  const place = { audience: caller.clientId, snapshot: registry.snapshot(), issuers, issuer: config.issuer };
  if (own === undefined || !own.audience.includes(caller.clientId) || !isHonoured(own, place)) {
    return { response: json(200, { active: false }, HEADERS), reason: 'inactive' };
  }
  const jti = stringClaim(own.claims, 'jti');
  Object.assign(facts, { target: caller.clientId, ...(jti === undefined ? {} : { jtiIn: jti }) });
  return { response: json(200, { ...own.claims, active: true, token_type: 'Bearer' }, HEADERS), reason: 'active' };
}
