/** How a call to a provider can fail, in the only distinctions its callers act on. */
import { ResponseBodyError } from 'oauth4webapi';

/**
 * - `refused`: the provider said no (4xx with an OAuth error, `error` says which)
 * - `unavailable`: 429, 5xx, a broken or refused connection
 * - `timeout`: no answer in time; the request may have been carried out
 * - `invalid`: an answer that breaks the protocol
 */
export type ProviderFaultKind = 'refused' | 'unavailable' | 'timeout' | 'invalid';

/** A failed call to a provider. The message is for the log, never for a browser. */
export class ProviderFault extends Error {
  override readonly name = 'ProviderFault';
  readonly kind: ProviderFaultKind;
  readonly endpoint: string;
  /** The OAuth error code of a refusal. */
  readonly error: string | undefined;
  readonly status: number | undefined;
  /** True when the connection failed before any byte of the request left. */
  readonly unsent: boolean;

  constructor(options: {
    readonly kind: ProviderFaultKind;
    readonly endpoint: string;
    readonly error?: string | undefined;
    readonly status?: number | undefined;
    readonly unsent?: boolean;
    readonly cause?: unknown;
  }) {
    const status = options.status === undefined ? '' : ` (status ${options.status})`;
    super(`${options.endpoint}: ${options.error ?? options.kind}${status}`, { cause: options.cause });
    this.kind = options.kind;
    this.endpoint = options.endpoint;
    this.error = options.error;
    this.status = options.status;
    this.unsent = options.unsent ?? false;
  }
}

const UNSENT_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_CONNECT_TIMEOUT',
]);

function hasUnsentCode(error: unknown, depth: number): boolean {
  if (!(error instanceof Error) || depth === 0) return false;
  if ('code' in error && typeof error.code === 'string' && UNSENT_CODES.has(error.code)) return true;
  if (error instanceof AggregateError) return error.errors.every((one) => hasUnsentCode(one, depth - 1));
  return hasUnsentCode(error.cause, depth - 1);
}

/** What a `fetch` that threw means. */
export function networkFault(endpoint: string, cause: unknown): ProviderFault {
  if (hasUnsentCode(cause, 4)) return new ProviderFault({ kind: 'unavailable', endpoint, unsent: true, cause });
  const timedOut = cause instanceof Error && (cause.name === 'TimeoutError' || cause.name === 'AbortError');
  return new ProviderFault({ kind: timedOut ? 'timeout' : 'unavailable', endpoint, cause });
}

/** Whether the provider or the way to it failed: 5xx or a broken connection; neither a 4xx nor a timeout. */
export function isBroken(error: unknown): error is ProviderFault {
  return error instanceof ProviderFault && error.kind === 'unavailable' && (error.status ?? 500) >= 500;
}

/** The status codes that say nothing about the request: the same one may succeed later. */
export function isTransientStatus(status: number): boolean {
  return status >= 500 || status === 429 || status === 408;
}

/** What an answer that oauth4webapi would not read means. */
export function answerFault(endpoint: string, status: number, cause: unknown): ProviderFault {
  if (cause instanceof ResponseBodyError) {
    return new ProviderFault({ kind: 'refused', endpoint, error: cause.error, status, cause });
  }
  const kind = status >= 400 ? 'refused' : 'invalid';
  return new ProviderFault({ kind, endpoint, status, cause });
}
