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

/** Limits of outbound token calls, in milliseconds; how long connecting may take is for the `fetch` to say. */
export interface TokenEndpointLimits {
  /** From the request to the last byte of the answer. */
  readonly attemptMilliseconds: number;
  /** From the first byte of the answer to the last. */
  readonly readMilliseconds: number;
  /** All attempts and the pauses between them. */
  readonly totalMilliseconds: number;
  readonly maxRetries: number;
}

/** 5 s an attempt, 3 s of them for reading, 10 s in all, one retry (sidecar-sdk.md 3.3). */
const TOKEN_ENDPOINT_LIMITS: TokenEndpointLimits = {
  attemptMilliseconds: 5000,
  readMilliseconds: 3000,
  totalMilliseconds: 10_000,
  maxRetries: 1,
};

/** What a token endpoint needs from outside. `url` may discover; `wait` and `random` only shape the pause of a retry. */
export interface TokenEndpointOptions {
  readonly url: () => Promise<string>;
  readonly fetch: Fetch;
  readonly now: Clock;
  readonly limits?: Partial<TokenEndpointLimits> | undefined;
  readonly wait?: (milliseconds: number) => Promise<void>;
  readonly random?: () => number;
  readonly onAttempt?: (attempt: TokenAttempt) => void;
  /** The provider does not know our credentials: says whether they have changed, so that one more attempt may bring more. */
  readonly onInvalidClient?: (() => Promise<boolean>) | undefined;
}

/** A form that is made anew for every attempt, so that no assertion is ever sent twice. */
export type FormMaker = () => Promise<Readonly<Record<string, string>>>;

/** Someone else's token endpoint, seen through a retry and a breaker. */
export interface TokenEndpoint {
  /** Posts the form. Throws `TokenRequestFailed`, nothing else. `forUser` only decides how a refusal is classed. */
  request(makeForm: FormMaker, options: { readonly forUser: boolean }): Promise<TokenGrant>;
  breakerOpen(): boolean;
  /** `open` while it is given a pause, `ok` when the last attempt was answered, else `unknown`. */
  state(): 'ok' | 'open' | 'unknown';
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

/** Creates the client side of one token endpoint. */
export function createTokenEndpoint(options: TokenEndpointOptions): TokenEndpoint {
  const limits = { ...TOKEN_ENDPOINT_LIMITS, ...options.limits };
  const wait = options.wait ?? sleep;
  const random = options.random ?? Math.random;
  const breaker = createBreaker(options.now);
  let answered = false;

  async function send(makeForm: FormMaker, forUser: boolean, deadline: AbortSignal): Promise<Outcome> {
    const url = await endpointUrl(options.url);
    const form = await makeForm().catch((cause: unknown) => {
      throw signingFailed(cause);
    });
    const started = performance.now();
    const outcome = await attempt({ ...options, url, form, forUser, deadline, limits });
    const seconds = (performance.now() - started) / 1000;
    const word = wordFor(outcome);
    answered = word !== 'unreachable';
    options.onAttempt?.({ outcome: word, seconds });
    return outcome;
  }

  async function request(makeForm: FormMaker, { forUser }: { readonly forUser: boolean }): Promise<TokenGrant> {
    const entry = breaker.enter();
    if (!entry.pass) {
      throw unreachable('it failed repeatedly and is given a pause', {
        retryAfterSeconds: entry.retryAfterSeconds,
        unavailable: true,
      });
    }
    const deadline = AbortSignal.timeout(limits.totalMilliseconds);
    let mayRenew = options.onInvalidClient !== undefined;
    for (let retries = 0; ; ) {
      const outcome = await settle(breaker, entry.isTrial, send(makeForm, forUser, deadline));
      if (!(outcome instanceof TokenRequestFailed)) return outcome;
      if (mayRenew && isInvalidClient(outcome) && !deadline.aborted) {
        mayRenew = false;
        if (await haveChanged(options.onInvalidClient)) continue;
      }
      // A Retry-After is the caller's to obey, so it is passed on instead of being sat out here.
      const again = outcome.unavailable && outcome.retryAfterSeconds === undefined && retries < limits.maxRetries;
      if (!again || breaker.isOpen() || deadline.aborted) throw outcome;
      retries += 1;
      await wait(50 + random() * 100);
    }
  }

  return {
    request,
    breakerOpen: () => breaker.isOpen(),
    state: () => (breaker.isOpen() ? 'open' : answered ? 'ok' : 'unknown'),
  };
}

type Outcome = TokenGrant | TokenRequestFailed;

function wordFor(outcome: Outcome): TokenAttempt['outcome'] {
  return outcome instanceof TokenRequestFailed
    ? outcome.failure === 'refused'
      ? 'refused'
      : 'unreachable'
    : 'success';
}

function isInvalidClient({ failure, error, unavailable }: TokenRequestFailed): boolean {
  return failure === 'refused' && error === 'invalid_client' && !unavailable;
}

/** Credentials that cannot be read are those we have. */
async function haveChanged(onInvalidClient: TokenEndpointOptions['onInvalidClient']): Promise<boolean> {
  try {
    return (await onInvalidClient?.()) === true;
  } catch {
    return false;
  }
}

async function settle(breaker: Breaker, isTrial: boolean, sending: Promise<Outcome>): Promise<Outcome> {
  try {
    const outcome = await sending;
    if (outcome instanceof TokenRequestFailed && outcome.unavailable) breaker.failed(isTrial);
    else breaker.succeeded();
    return outcome;
  } catch (error) {
    breaker.abandoned(isTrial);
    throw error;
  }
}

async function endpointUrl(url: () => Promise<string>): Promise<string> {
  try {
    return await url();
  } catch (cause) {
    if (cause instanceof TokenRequestFailed) throw cause;
    throw unreachable('its metadata could not be read', { cause, unavailable: true });
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

async function attempt(options: Attempt): Promise<Outcome> {
  const { limits } = options;
  const reading = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  try {
    const response = await options.fetch(options.url, {
      method: 'POST',
      redirect: 'manual',
      headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(options.form).toString(),
      signal: AbortSignal.any([options.deadline, reading.signal, AbortSignal.timeout(limits.attemptMilliseconds)]),
    });
    timer = setTimeout(() => {
      reading.abort(new DOMException('the answer took too long', 'TimeoutError'));
    }, limits.readMilliseconds).unref();
    return judge(response.status, await readLimited(response), {
      forUser: options.forUser,
      retryAfterSeconds: retryAfterSeconds(response.headers.get('retry-after'), options.now()),
    });
  } catch (cause) {
    if (cause instanceof TokenRequestFailed) return cause;
    return unreachable(unreachableReason(cause), { cause, unavailable: mayPass(cause) });
  } finally {
    clearTimeout(timer);
  }
}

/** A TypeError is the network's (Fetch 2.9); what a client says besides, as of an answer that is far too long, comes again. */
function mayPass(cause: unknown): boolean {
  return cause instanceof TypeError || isTimeout(cause);
}

function isTimeout(cause: unknown): boolean {
  return cause instanceof Error && cause.name === 'TimeoutError';
}

function unreachableReason(cause: unknown): string {
  if (isTimeout(cause)) return 'no answer in time';
  return mayPass(cause) ? 'no connection or no answer' : 'the answer cannot be used';
}

function judge(
  status: number,
  body: Uint8Array,
  context: { readonly forUser: boolean; readonly retryAfterSeconds: number | undefined },
): Outcome {
  if (status >= 200 && status < 300) return parseTokenAnswer(body);
  if (status < 400) return unreachable('the provider answered with a redirect');
  return parseErrorAnswer(status, body, context);
}
