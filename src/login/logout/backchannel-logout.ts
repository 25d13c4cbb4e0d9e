/** `POST /oauth2/logout/backchannel`: the provider itself ends sessions (OpenID Connect Back-Channel Logout 1.0). */
import { createHash } from 'node:crypto';
import { JoseError } from '../../oauth/jws.ts';
import type { VerifiedLogoutToken } from '../../oauth/logout-token.ts';
import { verifyLogoutToken } from '../../oauth/logout-token.ts';
import { MINUTE } from '../../oauth/time.ts';
import { StoreUnavailable } from '../../store/errors.ts';
import { readForm } from '../../web/forms.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import { emptyAnswer, jsonAnswer, RETRY_AFTER_SECONDS } from '../answers.ts';
import type { LoginContext, OwnRequest } from '../context.ts';
import { loadedMetadata } from '../provider-ready.ts';
import { tellEndedElsewhere } from './ended-elsewhere.ts';

const SKEW_SECONDS = 60;
const MAX_AGE_SECONDS: number = 5 * MINUTE;
/** Longer than any token is taken: a replay is too old before it is forgotten. */
const SEEN_SECONDS: number = 10 * MINUTE;

const INVALID: HttpResponse = jsonAnswer(400, { error: 'invalid_request' });

function notNow(): HttpResponse {
  return emptyAnswer(503, { 'Retry-After': String(RETRY_AFTER_SECONDS) });
}

/** The one logout token of a form in which nothing comes twice. */
async function readToken(http: HttpRequest): Promise<string | undefined> {
  const read = await readForm(http);
  return read.ok && read.form.duplicates.length === 0 ? read.form.get('logout_token') : undefined;
}

/** Verifies the token with keys of its own budget. Throws JoseError. */
async function judge(context: LoginContext, token: string): Promise<VerifiedLogoutToken> {
  const metadata = await loadedMetadata(context);
  if (metadata === undefined) throw new JoseError('keys_unavailable', 'metadata is not loaded');
  return verifyLogoutToken(token, {
    keySet: context.client.strangersKeySet,
    algorithms: metadata.idTokenAlgorithms,
    issuerFor: metadata.issuerFor,
    clientId: context.provider.clientId,
    now: context.now(),
    skewSeconds: SKEW_SECONDS,
    maxAgeSeconds: MAX_AGE_SECONDS,
  });
}

/** Whether this token comes for the first time, at any replica. Rejects with StoreUnavailable. */
function isFirst(context: LoginContext, { jti }: VerifiedLogoutToken): Promise<boolean> {
  const { name, clientId } = context.provider;
  const id = createHash('sha256')
    .update(JSON.stringify([name, clientId, jti]))
    .digest('base64url');
  return context.store.once(`login:logout-token:${id}`, SEEN_SECONDS);
}

/** Ends the sessions of the provider session, or, where none is named, all of the user's. Rejects with StoreUnavailable. */
async function endNamed(context: LoginContext, { sid, subject, issuedAt }: VerifiedLogoutToken): Promise<void> {
  const { sessions } = context;
  const keys =
    sid === undefined ? await sessions.endBySubject(subject ?? '', issuedAt) : await sessions.endBySid(sid, true);
  tellEndedElsewhere(context, keys, { channel: 'back', sid });
}

function refuse(context: LoginContext, error: JoseError): HttpResponse {
  const { name: provider, clientId } = context.provider;
  const reason = error.claim === undefined ? error.code : `${error.code} ${error.claim}`;
  context.emit({ event: 'logout.refused', provider, client_id: clientId, reason });
  return error.code === 'keys_unavailable' ? notNow() : INVALID;
}

/**
 * Answers the back channel: 200 once the sessions have ended, also when there are none; 400 for anything but a logout token for us
 * that was not used before, and then nothing is touched; 503 with the store down, when the ending is repeated behind.
 */
export async function logOutBackChannel(context: LoginContext, { http }: OwnRequest): Promise<HttpResponse> {
  const token = await readToken(http);
  if (token === undefined) return INVALID;
  let verified: VerifiedLogoutToken;
  try {
    verified = await judge(context, token);
  } catch (error) {
    if (error instanceof JoseError) return refuse(context, error);
    throw error;
  }
  try {
    if (!(await isFirst(context, verified)))
      return refuse(context, new JoseError('claim_invalid', 'seen', { claim: 'jti' }));
    await endNamed(context, verified);
    return emptyAnswer(200);
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    context.emit({ event: 'store.unavailable', reason: error.message });
    // The provider calls once. Ending twice ends nothing more.
    context.background.insist(() => endNamed(context, verified));
    return notNow();
  }
}
