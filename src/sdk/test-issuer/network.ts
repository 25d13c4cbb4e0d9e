import type { Desk } from './proof.ts';
import { answerCall } from './site.ts';
import type { Call } from './site.ts';

/** `down`: no connection. `slow`: no answer for a minute. `error`: status 500. `garbage`: status 200 and no JSON. */
export type Failure = 'down' | 'slow' | 'error' | 'garbage';

/** Every failure there is. */
export const FAILURES: readonly Failure[] = ['down', 'slow', 'error', 'garbage'];

/** A request as `requests` keeps it; the form is empty where none was sent. */
export interface SeenRequest {
  readonly url: string;
  readonly form: URLSearchParams;
}

/** The way to the issuer, and what is wrong with it. */
export interface Network {
  readonly fetch: typeof globalThis.fetch;
  readonly requests: readonly SeenRequest[];
  /** Answers one call. Throws TypeError, as `fetch` does, where there is no answer. */
  answer(call: Call, signal?: AbortSignal): Promise<Response>;
  fail(how: Failure | undefined): void;
}

const SLOW_MILLISECONDS = 60_000;

/** Opens it; `desk` answers. */
export function openNetwork(desk: Desk): Network {
  const requests: SeenRequest[] = [];
  const waiting = new Set<() => void>();
  let failure: Failure | undefined;

  const answer: Network['answer'] = async (call, signal) => {
    requests.push({ url: call.url, form: call.form });
    if (failure === 'slow') await patience(waiting, signal);
    if (failure === 'down') throw unreachable('ECONNREFUSED', `the test issuer is down: ${call.url}`);
    if (failure === 'error') return Response.json({ error: 'server_error' }, { status: 500 });
    if (failure === 'garbage') return new Response('<html>this is no JSON</html>');
    const found = answerCall(desk, call);
    if (found === undefined) throw unreachable('ENOTFOUND', `the test issuer has nothing at ${call.url}`);
    return found;
  };
  return {
    requests,
    answer,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      request.signal.throwIfAborted();
      return await answer(await readCall(request), request.signal);
    },
    fail: (how) => {
      failure = how;
      for (const goOn of waiting) goOn();
    },
  };
}

/** What a request asks for. A query is part of the address, and there is nothing at such an address. */
async function readCall(request: Request): Promise<Call> {
  const { url, method } = request;
  const contentType = request.headers.get('content-type') ?? '';
  return { url, method, contentType, form: new URLSearchParams(await request.text()) };
}

/** Until the minute is over, the failure is another, or the caller leaves; the timer keeps the process alive meanwhile. */
function patience(waiting: Set<() => void>, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      waiting.delete(goOn);
      signal?.removeEventListener('abort', leave);
    };
    const goOn = (): void => {
      end();
      resolve();
    };
    const leave = (): void => {
      end();
      reject(signal?.reason);
    };
    if (signal?.aborted === true) return reject(signal.reason);
    const timer = setTimeout(goOn, SLOW_MILLISECONDS);
    waiting.add(goOn);
    signal?.addEventListener('abort', leave, { once: true });
  });
}

/** What Node's fetch throws when there is nobody to talk to. */
function unreachable(code: string, message: string): TypeError {
  return new TypeError('fetch failed', { cause: Object.assign(new Error(message), { code }) });
}
