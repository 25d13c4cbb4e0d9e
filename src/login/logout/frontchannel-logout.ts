/** `GET /oauth2/logout/frontchannel`: the provider ends a session through an iframe (OpenID Connect Front-Channel Logout 1.0). */
import { StoreUnavailable } from '../../store/errors.ts';
import type { HttpResponse } from '../../web/http.ts';
import { ownAnswerHeaders } from '../../web/secure-headers.ts';
import { withCookies } from '../answers.ts';
import type { LoginContext, OwnRequest } from '../context.ts';
import { dropCookie, findTicket, ownCookie } from '../cookies.ts';
import { loadedMetadata } from '../provider-ready.ts';
import { queryValue } from '../query.ts';
import { recordKey } from '../session/ticket.ts';
import { tellEndedElsewhere } from './ended-elsewhere.ts';

const MAX_SID_CHARACTERS = 256;

function answer(status: number): HttpResponse {
  return { status, headers: ownAnswerHeaders({ framing: 'allowed' }) };
}

/** Whether the request names the issuer it has to: always ours when sent, and required where the kind promises it. */
async function isRightIssuer(context: LoginContext, request: OwnRequest): Promise<boolean> {
  const { kind, tenants } = context.provider;
  const issuer = queryValue(request, 'iss');
  if (issuer === undefined) return !kind.frontchannelIssuerRequired;
  const metadata = await loadedMetadata(context);
  // Where tenants share metadata each of them has an issuer of its own.
  return [undefined, ...tenants].some((tenant) => metadata?.issuerFor(tenant) === issuer);
}

/** Ends every session of a provider session and answers whether this browser's cookie was among them. */
async function endAll(context: LoginContext, request: OwnRequest, sid: string): Promise<boolean> {
  const keys = await context.sessions.endBySid(sid);
  tellEndedElsewhere(context, keys, { channel: 'front', sid });
  const finding = findTicket(context, request);
  return finding.kind === 'ticket' && keys.includes(recordKey(finding.ticket.sessionId));
}

/** Answers the front-channel route: 200, 202 without `sid` or with the store down, 400 for a wrong issuer. */
export async function logOutFrontChannel(context: LoginContext, request: OwnRequest): Promise<HttpResponse> {
  if (!(await isRightIssuer(context, request))) return answer(400);
  const sid = queryValue(request, 'sid');
  if (sid === undefined || sid.length > MAX_SID_CHARACTERS) return answer(202);
  try {
    const own = await endAll(context, request, sid);
    return withCookies(answer(200), own ? [dropCookie(ownCookie(context, request.ingress, 'session'))] : []);
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    context.emit({ event: 'store.unavailable', reason: error.message });
    context.background.insist(() => context.sessions.endBySid(sid), { by: 'anybody' });
    return answer(202);
  }
}
