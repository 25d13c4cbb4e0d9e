import type { AuthError } from '../auth-error.ts';
import { tell } from '../callback.ts';
import { wireDescription, wireError } from './challenge.ts';

/** What every adapter takes. `onRefused` is told of each refusal, after the answer is decided; what it throws, or rejects with, is dropped. */
export interface AdapterOptions {
  readonly realm?: string;
  readonly resourceMetadata?: string;
  readonly onRefused?: (error: AuthError) => void;
}

/** The answer to a refused request, the same in every framework. */
export interface Refusal {
  readonly status: AuthError['status'];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The answer to a refusal: status, challenge and JSON body (RFC 6750 3); never stored, never with text of a token. `onRefused` hears of it. */
export function refuse(error: AuthError, options: AdapterOptions): Refusal {
  const answer = refusalAnswer(error, options);
  tell(options.onRefused, error);
  return answer;
}

function refusalAnswer(error: AuthError, options: AdapterOptions): Refusal {
  const { realm, resourceMetadata } = options;
  const challenge = error.challenge({
    ...(realm === undefined ? {} : { realm }),
    ...(resourceMetadata === undefined ? {} : { resourceMetadata }),
  });
  return {
    status: error.status,
    headers: {
      'Content-Type': 'application/json',
      'Cache-Control': 'no-store',
      ...(challenge === undefined ? {} : { 'WWW-Authenticate': challenge }),
      ...(error.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(error.retryAfterSeconds) }),
    },
    body: JSON.stringify({ error: wireError(error), error_description: wireDescription(error) }),
  };
}
