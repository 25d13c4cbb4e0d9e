/** How a callback fails: the page its user sees, and the reason that is put on record. */
import { JoseError } from '../../oauth/jws.ts';
import { AuditUnavailable } from '../../observe/audit.ts';
import { ProviderFault } from '../../providers/provider-fault.ts';
import { StoreUnavailable } from '../../store/errors.ts';
import type { LoginContext } from '../context.ts';
import type { PageName } from '../pages/page-texts.ts';

/** An outcome that ends a callback with a page. The message is for the log. */
export class Refused extends Error {
  readonly page: PageName;
  readonly status: number;
  readonly step: string;

  constructor(refusal: {
    readonly page: PageName;
    readonly status: number;
    readonly step: string;
    readonly reason: string;
  }) {
    super(refusal.reason);
    this.page = refusal.page;
    this.status = refusal.status;
    this.step = refusal.step;
  }
}

/** The 400 of an answer that belongs to no login of ours. */
export function strayAnswer(step: string, reason: string): Refused {
  return new Refused({ page: 'link-too-old', status: 400, step, reason });
}

function ofProvider(fault: ProviderFault): Refused {
  // By then the tokens are here: what is missing is the proof that they are this user's.
  const proving = fault.endpoint === 'userinfo';
  const down = !proving && (fault.kind === 'unavailable' || fault.kind === 'timeout');
  const page = down ? 'provider-down' : 'login-failed';
  return new Refused({ page, status: down ? 503 : 500, step: fault.endpoint, reason: fault.message });
}

function ofIdToken({ code, claim }: JoseError): Refused {
  const reason = claim === undefined ? code : `${code} ${claim}`;
  const step = 'id-token';
  if (code === 'keys_unavailable') return new Refused({ page: 'provider-down', status: 503, step, reason });
  const tooWeak = claim === 'acr' || claim === 'auth_time';
  return new Refused({ page: tooWeak ? 'stronger-login' : 'login-failed', status: tooWeak ? 403 : 500, step, reason });
}

/** What the user is told about a failure; what is none of ours to explain is thrown on. */
export function refusalOf(error: unknown): Refused {
  if (error instanceof Refused) return error;
  if (error instanceof ProviderFault) return ofProvider(error);
  if (error instanceof JoseError) return ofIdToken(error);
  if (error instanceof StoreUnavailable || error instanceof AuditUnavailable)
    return new Refused({ page: 'store-down', status: 503, step: 'session', reason: error.message });
  throw error;
}

/** Puts a refusal on record. */
export function tellRefusal(context: LoginContext, { page, step, message }: Refused): void {
  const at = { provider: context.provider.name, client_id: context.provider.clientId };
  if (page === 'cancelled') return context.emit({ event: 'login.cancelled', outcome: 'cancelled', ...at });
  context.emit({ event: 'login.failed', ...at, step, reason: message, outcome: 'failed' });
}
