/** What is put on record of logins that were to bring more than the browser's session shows. */
import { StoreUnavailable } from '../../store/errors.ts';
import type { LoginContext, OwnRequest } from '../context.ts';
import { storedSession } from '../session/present-session.ts';
import type { StoredSession } from '../session/sessions.ts';
import { sessionReference } from '../session/ticket.ts';
import type { Shortfall } from '../step-up.ts';
import { causeOf, shortfallOf } from '../step-up.ts';
import type { LoginSecrets } from './login-state.ts';

/** What an attempt demanded of its login. */
export type Demanded = Pick<LoginSecrets, 'level' | 'maxAgeSeconds'>;

/** Undefined where the session had what was demanded: the login was none of these. A demanded new sign-in is always more. */
function lackOf(session: StoredSession, { level, maxAgeSeconds }: Demanded, now: number): Shortfall | undefined {
  const lack = shortfallOf({ levels: level === undefined ? [] : [level] }, session.record, now);
  return lack === undefined && maxAgeSeconds === undefined ? undefined : { level: lack?.level, maxAgeSeconds };
}

function fieldsOf(
  { provider }: LoginContext,
  session: StoredSession,
  lack: Shortfall,
): {
  readonly provider: string;
  readonly client_id: string;
  readonly session_ref: string;
  readonly sid: string | undefined;
  readonly cause: 'level' | 'max_age';
  readonly level: string | undefined;
  readonly max_age: number | undefined;
} {
  return {
    provider: provider.name,
    client_id: provider.clientId,
    session_ref: sessionReference(session.key),
    sid: session.record.sid,
    cause: causeOf(lack),
    level: lack.level,
    max_age: lack.maxAgeSeconds,
  };
}

/** Tells that a login brought what the former session lacked. */
export function tellSteppedUp(
  context: LoginContext,
  login: {
    readonly former: StoredSession | undefined;
    readonly session: StoredSession;
    readonly demanded: Demanded;
  },
): void {
  const lack = login.former && lackOf(login.former, login.demanded, context.now());
  if (lack !== undefined) context.emit({ event: 'stepup.succeeded', ...fieldsOf(context, login.session, lack) });
}

/** Tells that a login was too weak or too old, if the browser has a session that stays. */
export async function tellStillShort(
  context: LoginContext,
  request: OwnRequest,
  failure: { readonly demanded: Demanded; readonly reason: string },
): Promise<void> {
  try {
    const session = await storedSession(context, request);
    const lack = session && lackOf(session, failure.demanded, context.now());
    if (session === undefined || lack === undefined) return;
    context.emit({ event: 'stepup.failed', ...fieldsOf(context, session, lack), reason: failure.reason });
  } catch (error) {
    // The refusal itself is on record.
    if (!(error instanceof StoreUnavailable)) throw error;
  }
}
