import { isJsonObject } from '../../oauth/objects.ts';
import { retryAfterSeconds } from '../../oauth/token-endpoint/token-answer.ts';
import { TokenRequestFailed } from '../../oauth/token-endpoint/token-failure.ts';
import { fitForLogs } from './told.ts';

/** What a failed acquisition means to the application (providers.md 2.5). */
export type AcquireErrorKind =
  | 'not_configured'
  | 'transient'
  | 'policy'
  | 'credential'
  | 'reauth'
  | 'request'
  | 'aborted';

/** What is known of a failed acquisition; `oauthError` and `status` are the provider's own. */
export interface AcquireErrorDetail {
  readonly oauthError?: string | undefined;
  readonly status?: number | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

/** No token was to be had. `policy`: a manifest line would help; `reauth`: the user has to sign in again. */
export class AcquireError extends Error {
  readonly kind: AcquireErrorKind;
  // Declared alone: what is not known of an error is no member of it, in logs as in comparisons.
  declare readonly oauthError?: string;
  declare readonly status?: number;
  declare readonly retryAfterSeconds?: number;

  constructor(kind: AcquireErrorKind, message: string, detail: AcquireErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'AcquireError';
    this.kind = kind;
    if (detail.oauthError !== undefined) this.oauthError = detail.oauthError;
    if (detail.status !== undefined) this.status = detail.status;
    if (detail.retryAfterSeconds !== undefined) this.retryAfterSeconds = detail.retryAfterSeconds;
  }
}

const REAUTH: ReadonlySet<string> = new Set(['interaction_required', 'login_required', 'consent_required']);
const POLICY: ReadonlySet<string> = new Set(['forbidden', 'access_denied', 'invalid_target']);
const TOLD: readonly AcquireErrorKind[] = ['transient', 'policy', 'credential', 'reauth', 'request'];

interface Refused {
  readonly status: number;
  readonly error: string;
  readonly forUser: boolean;
  /** `Fullmakt-Refusal` of the sidecar, which saw the provider's own numbers. */
  readonly told: string | null;
}

function kindOf({ status, error, forUser, told }: Refused): AcquireErrorKind {
  const known = TOLD.find((kind) => kind === told);
  if (known !== undefined) return known;
  if (status >= 500 || status === 429 || status === 408) return 'transient';
  if (error === 'invalid_client') return 'credential';
  if (POLICY.has(error)) return 'policy';
  if (REAUTH.has(error)) return 'reauth';
  if (error === 'invalid_grant') return forUser ? 'reauth' : 'policy';
  return 'request';
}

/** What a sidecar was asked, as far as the error behind its answer goes. */
interface AskedOfSidecar {
  /** The token of the user, if it was asked on behalf of one: it goes into no error. */
  readonly userToken: string | undefined;
  /** Seconds since the epoch. */
  readonly now: number;
  /** What named its address. */
  readonly variable: string;
}

/** The error behind a sidecar's answer of 400 or above; `body` is its JSON, whatever that is. */
export function refusedBySidecar(
  { status, headers }: Pick<Response, 'status' | 'headers'>,
  body: unknown,
  { userToken, now, variable }: AskedOfSidecar,
): AcquireError {
  const { error, error_description: description }: Record<string, unknown> = isJsonObject(body) ? body : {};
  const isOAuth = typeof error === 'string' && error !== '';
  const code = isOAuth ? error : 'server_error';
  const stranger = `status ${status}, and no OAuth error: is ${variable} the address of the sidecar?`;
  const said = isOAuth ? description : stranger;
  const told = headers.get('fullmakt-refusal');
  const kind = kindOf({ status, error: code, forUser: userToken !== undefined, told });
  return refusedWith(
    kind,
    { code, description: typeof said === 'string' ? said : '', userToken },
    {
      status,
      retryAfterSeconds: retryAfterSeconds(headers.get('retry-after'), now),
    },
  );
}

/** The error behind a token request that the library made itself, for a user if `userToken` is given. Whatever is none of its own outcomes stays what it is. */
export function acquireErrorOf(error: unknown, userToken?: string): unknown {
  if (!(error instanceof TokenRequestFailed)) return error;
  const { failure, kind, status, retryAfterSeconds: seconds, cause, description } = error;
  if (failure !== 'refused') return new AcquireError(kind, description, { retryAfterSeconds: seconds, cause });
  return refusedWith(kind, { code: error.error, description, userToken }, { status, retryAfterSeconds: seconds });
}

/** In the provider's words, as far as they are fit to be written down. */
function refusedWith(
  kind: AcquireErrorKind,
  told: { readonly code: string; readonly description: string; readonly userToken: string | undefined },
  detail: Pick<AcquireErrorDetail, 'status' | 'retryAfterSeconds'>,
): AcquireError {
  const code = fitForLogs(told.code, told.userToken);
  const description = fitForLogs(told.description, told.userToken);
  return new AcquireError(kind, description === '' ? code : `${code}: ${description}`, { ...detail, oauthError: code });
}
