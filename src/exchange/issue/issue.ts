import { randomUUID } from 'node:crypto';
import { json } from '../../web/http.ts';
import type { HttpResponse } from '../../web/http.ts';
import { extendActors } from '../subject/act.ts';
import type { Actor } from '../subject/act.ts';
import { userClaims } from './claims.ts';
import type { IssuedClaims, TokenParts } from './claims.ts';
import { appClaims } from './client-credentials.ts';
import { issuedFacts } from '../record/decision-record.ts';
import { signToken } from './sign.ts';
import { left } from '../request/steps.ts';
import type { TokenRequest } from '../request/token-request.ts';

/** Steps 14 and 15: claims, expiry and signature of the token, and the answer that carries it. */
export async function issueToken(state: TokenRequest): Promise<void> {
  const { context, facts } = state;
  const [{ settings }, scope, now] = [left(state.target), left(state.scope), context.now()];
  const actor = actorOf(state);
  const claims = claimsFor(state, { actor, now });
  const key = context.keys.signer(settings.alg);
  const token = await signToken(claims, settings.typ, key);
  Object.assign(facts, issuedFacts(claims, key.kid, { actor, scope, pseudonym: context.pseudonym }));
  state.response = tokenResponse({ token, type: issuedType(state), seconds: claims.exp - now, scope: scope.shown });
}

/** Who acts for the user; nobody does in a token for the caller itself. */
function actorOf({ subject, caller, context }: TokenRequest): Actor | undefined {
  return subject === undefined ? undefined : extendActors(left(caller).clientId, subject, context.config.issuer);
}

function claimsFor(
  state: TokenRequest,
  { actor, now }: { readonly actor: Actor | undefined; readonly now: number },
): IssuedClaims {
  const { subject, context } = state;
  const { app: target, edge, settings } = left(state.target);
  const parts: TokenParts = {
    issuer: context.config.issuer,
    target,
    caller: left(state.caller).clientId,
    scope: left(state.scope).granted,
    settings,
    now,
    jti: randomUUID(),
  };
  if (left(state.grant) === 'client_credentials') return appClaims(parts, edge.roles);
  return userClaims({ ...parts, subject: left(subject), actor: left(actor) });
}

/** `issued_token_type`, which client credentials do not have (RFC 6749 4.4.3). */
function issuedType({ asked }: TokenRequest): string | undefined {
  return asked?.grant === 'token-exchange' ? asked.issuedTokenType : undefined;
}

/** RFC 6749 5.1, RFC 8693 2.2.1; `seconds` is what is left of the token. */
function tokenResponse(answer: {
  readonly token: string;
  readonly type: string | undefined;
  readonly seconds: number;
  readonly scope: string | undefined;
}): HttpResponse {
  const body = {
    access_token: answer.token,
    ...(answer.type === undefined ? {} : { issued_token_type: answer.type }),
    token_type: 'Bearer',
    expires_in: Math.floor(answer.seconds),
    ...(answer.scope === undefined ? {} : { scope: answer.scope }),
  };
  return json(200, body, { 'Cache-Control': 'no-store', Pragma: 'no-cache' });
}
