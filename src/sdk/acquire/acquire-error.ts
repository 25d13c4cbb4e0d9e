import { isJsonObject } from '../../oauth/objects.ts';
import { TokenRequestFailed } from '../../oauth/token-endpoint/token-failure.ts';

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
  readonly oauthError?: string;
  readonly status?: number;
  readonly retryAfterSeconds?: number;

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

/** The error behind a sidecar's answer of 400 or above; `body` is its JSON, whatever that is. */
export function refusedBySidecar(
  response: Pick<Response, 'status' | 'headers'>,
  body: unknown,
  forUser: boolean,
): AcquireError {
  const { error, error_description: description }: Record<string, unknown> = isJsonObject(body) ? body : {};
  const code = typeof error === 'string' ? error : 'server_error';
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  const told = response.headers.get('fullmakt-refusal');
  const text = typeof description === 'string' && description !== '' ? `: ${description}` : '';
  return new AcquireError(kindOf({ status: response.status, error: code, forUser, told }), `${code}${text}`, {
    oauthError: code,
    status: response.status,
    retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : undefined,
  });
}

/** The error behind a token request that the library made itself. Whatever is none of its own outcomes stays what it is. */
export function acquireErrorOf(error: unknown): unknown {
  if (!(error instanceof TokenRequestFailed)) return error;
  const { failure, kind, status, retryAfterSeconds, cause } = error;
  if (failure !== 'refused') return new AcquireError(kind, error.description, { retryAfterSeconds, cause });
  const text = error.description === '' ? '' : `: ${error.description}`;
  return new AcquireError(kind, `${error.error}${text}`, { oauthError: error.error, status, retryAfterSeconds });
}
