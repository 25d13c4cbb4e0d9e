/** The provider's part of a refresh: its answer, judged, as the record to keep. */
import { JoseError } from '../../oauth/jws.ts';
import { classifyRefreshFailure, refreshTokens } from '../../providers/refresh-grant.ts';
import type { RefreshFailure } from '../../providers/refresh-grant.ts';
import type { TokenSet } from '../../providers/tokens.ts';
import { verifyRefreshed } from '../attempt/verify-login.ts';
import type { LoginParts } from '../context.ts';
import { nowMilliseconds } from './present-session.ts';
import type { SessionRecord } from './record.ts';
import type { StoredSession } from './sessions.ts';
import { sessionReference } from './ticket.ts';
import { refreshTimes } from './times.ts';

/** A mismatch between the refreshed ID token and the login it belongs to. */
class IdentityMismatch extends Error {}

/** The ID token to keep: the new one when it is right, the old one when there is none or it cannot be judged. */
async function keepIdToken(
  context: LoginParts,
  record: SessionRecord,
  tokens: TokenSet,
): Promise<Partial<SessionRecord>> {
  if (tokens.idToken === undefined) return {};
  try {
    const metadata = await context.client.metadata.get();
    const { idToken, accessToken } = tokens;
    const verified = await verifyRefreshed(context, metadata, { idToken, accessToken, earlier: record });
    return { idToken: verified.token, acr: verified.acr ?? record.acr, sid: record.sid ?? verified.sid };
  } catch (error) {
    if (error instanceof JoseError && error.code === 'keys_unavailable') {
      const { name: provider, clientId } = context.provider;
      const reason = 'keys of a refreshed ID token cannot be had; the earlier one is kept';
      context.emit({ event: 'provider.unavailable', provider, client_id: clientId, reason });
      return {};
    }
    throw error instanceof JoseError ? new IdentityMismatch(error.message, { cause: error }) : error;
  }
}

async function refreshedRecord(context: LoginParts, record: SessionRecord, tokens: TokenSet): Promise<SessionRecord> {
  return {
    ...record,
    accessToken: tokens.accessToken,
    refreshToken: tokens.refreshToken ?? record.refreshToken,
    ...(await keepIdToken(context, record, tokens)),
    times: refreshTimes(record.times, {
      now: nowMilliseconds(context),
      tokenLifetime: tokens.expiresInSeconds * 1000,
      lifetimes: context.config.lifetimes,
    }),
  };
}

function tellFailure(
  context: LoginParts,
  session: StoredSession,
  failure: { outcome: RefreshFailure; reason: string },
): void {
  const { name: provider, clientId } = context.provider;
  const reference = sessionReference(session.key);
  const at = { provider, client_id: clientId, session_ref: reference, sid: session.record.sid };
  context.emit({ event: 'session.refresh_failed', ...at, ...failure });
}

/** Redeems the refresh token (RFC 6749 6): the session's new record, or how it failed, which is then on record. */
export async function callProvider(
  context: LoginParts,
  session: StoredSession,
  refreshToken: string,
): Promise<SessionRecord | RefreshFailure> {
  try {
    const tokens = await refreshTokens(context.client, refreshToken, context.provider.scopes);
    return await refreshedRecord(context, session.record, tokens);
  } catch (error) {
    const outcome = error instanceof IdentityMismatch ? 'fatal' : classifyRefreshFailure(error);
    tellFailure(context, session, { outcome, reason: error instanceof Error ? error.message : 'unknown' });
    return outcome;
  }
}
