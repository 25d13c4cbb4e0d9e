import type { Fetch } from '../fetch.ts';
import type { Clock } from '../time.ts';
import { createBreaker } from './breaker.ts';
import type { Breaker } from './breaker.ts';
import { parseErrorAnswer, parseTokenAnswer, readLimited, retryAfterSeconds } from './token-answer.ts';
import type { TokenGrant } from './token-answer.ts';
import { TokenRequestFailed, signingFailed, unreachable } from './token-failure.ts';

/** One round trip, for metrics: the provider's status, or why there was none. */
interface TokenAttempt {
  readonly outcome: 'success' | 'refused' | 'unreachable';
  readonly seconds: number;
}

/** Limits of outbound token calls, in milliseconds. */
interface TokenEndpointLimits {
  readonly attemptMilliseconds: number;
  readonly totalMilliseconds: number;
  readonly maxRetries: number;
}

/** 5 s an attempt, 10 s in all, one retry (sidecar-sdk.md 3.3). */
const TOKEN_ENDPOINT_LIMITS: TokenEndpointLimits = {
  attemptMilliseconds: 5000,
  totalMilliseconds: 10_000,
  maxRetries: 1,
};

/** What a token endpoint needs from outside. `url` may discover; `wait` and `random` only shape the pause of a retry. */
export interface TokenEndpointOptions {
  readonly url: () => Promise<string>;
  readonly fetch: Fetch;
  readonly now: Clock;
  readonly limits?: TokenEndpointLimits;
  readonly wait?: (milliseconds: number) => Promise<void>;
  readonly random?: () => number;
  readonly onAttempt?: (attempt: TokenAttempt) => void;
}

/** A form that is made anew for every attempt, so that no assertion is ever sent twice. */
export type FormMaker = () => Promise<Readonly<Record<string, string>>>;

/** Someone else's token endpoint, seen through a retry and a breaker. */
export interface TokenEndpoint {
  /** Posts the form. Throws `TokenRequestFailed`, nothing else. `forUser` only decides how a refusal is classed. */
  request(makeForm: FormMaker, options: { readonly forUser: boolean }): Promise<TokenGrant>;
  breakerOpen(): boolean;
}

interface Outcome {
  readonly failure: TokenRequestFailed;
  readonly retryable: boolean;
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

/** Creates the client side of one token endpoint. */
export function createTokenEndpoint(options: TokenEndpointOptions): TokenEndpoint {
  const limits = options.limits ?? TOKEN_ENDPOINT_LIMITS;
  const wait = options.wait ?? sleep;
  const random = options.random ?? Math.random;
  const breaker = createBreaker(options.now);

  async function send(makeForm: FormMaker, forUser: boolean, deadline: AbortSignal): Promise<TokenGrant | Outcome> {
    const url = await endpointUrl(options.url);
    const form = await makeForm().catch((cause: unknown) => {
      throw signingFailed(cause);
    });
    const started = performance.now();
    const outcome = await attempt({ ...options, url, form, forUser, deadline, limits });
    const seconds = (performance.now() - started) / 1000;
    if (!('failure' in outcome)) options.onAttempt?.({ outcome: 'success', seconds });
    else options.onAttempt?.({ outcome: outcome.failure.failure === 'refused' ? 'refused' : 'unreachable', seconds });
    return outcome;
  }

  async function request(makeForm: FormMaker, { forUser }: { readonly forUser: boolean }): Promise<TokenGrant> {
    const entry = breaker.enter();
    if (!entry.pass) {
      throw unreachable('it failed repeatedly and is given a pause', { retryAfterSeconds: entry.retryAfterSeconds });
    }
    const deadline = AbortSignal.timeout(limits.totalMilliseconds);
    for (let retries = 0; ; retries += 1) {
      const outcome = await settle(breaker, send(makeForm, forUser, deadline));
      if (!('failure' in outcome)) return outcome;
      const { failure, retryable } = outcome;
      // A Retry-After is the caller's to obey, so it is passed on instead of being sat out here.
      const again = retryable && failure.retryAfterSeconds === undefined && retries < limits.maxRetries;
      if (!again || breaker.isOpen() || deadline.aborted) throw failure;
      await wait(50 + random() * 100);
    }
  }

  return { request, breakerOpen: () => breaker.isOpen() };
}

async function settle(breaker: Breaker, sending: Promise<TokenGrant | Outcome>): Promise<TokenGrant | Outcome> {
  try {
    const outcome = await sending;
    if ('failure' in outcome && outcome.retryable) breaker.failed();
    else breaker.succeeded();
    return outcome;
  } catch (error) {
    breaker.abandoned();
    throw error;
  }
}

async function endpointUrl(url: () => Promise<string>): Promise<string> {
  try {
    return await url();
  } catch (cause) {
    throw cause instanceof TokenRequestFailed ? cause : unreachable('its metadata could not be read', { cause });
  }
}

interface Attempt {
  readonly url: string;
  readonly form: Readonly<Record<string, string>>;
  readonly forUser: boolean;
  readonly fetch: Fetch;
  readonly now: Clock;
  readonly deadline: AbortSignal;
  readonly limits: TokenEndpointLimits;
}

async function attempt(options: Attempt): Promise<TokenGrant | Outcome> {
  try {
    const response = await options.fetch(options.url, {
      method: 'POST',
      redirect: 'manual',
      headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(options.form).toString(),
      signal: AbortSignal.any([options.deadline, AbortSignal.timeout(options.limits.attemptMilliseconds)]),
    });
    return judge(response.status, await readLimited(response), {
      forUser: options.forUser,
      retryAfterSeconds: retryAfterSeconds(response.headers.get('retry-after'), options.now()),
    });
  } catch (cause) {
    if (cause instanceof TokenRequestFailed) return { failure: cause, retryable: false };
    return { failure: unreachable(unreachableReason(cause), { cause }), retryable: true };
  }
}

function unreachableReason(cause: unknown): string {
  return cause instanceof Error && cause.name === 'TimeoutError' ? 'no answer in time' : 'no connection or no answer';
}

function judge(
  status: number,
  body: Uint8Array,
  context: { readonly forUser: boolean; readonly retryAfterSeconds: number | undefined },
): TokenGrant | Outcome {
  if (status >= 200 && status < 300) return parseTokenAnswer(body);
  if (status < 400) return { failure: unreachable('the provider answered with a redirect'), retryable: false };
  const failure = parseErrorAnswer(status, body, context);
  return { failure, retryable: status >= 500 || status === 408 || status === 429 };
}
