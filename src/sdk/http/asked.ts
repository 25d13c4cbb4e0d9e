import type { Hop } from './hop.ts';

/** A request as it was asked for, and what every attempt at it shares. */
export interface Asked extends Hop {
  readonly shared: RequestInit;
  /** The Request that was given, if one was; its body can be sent once only. */
  readonly request: Request | undefined;
  readonly redirect: Request['redirect'];
  readonly signal: AbortSignal | undefined;
}

/** Takes a request apart, once: what is judged is what is sent. Throws TypeError as `fetch` does. */
export function readAsked(input: string | URL | Request, init: RequestInit): Asked {
  return input instanceof Request ? readGiven(input, init) : readNamed(String(input), init);
}

/** A copy, for its own `url` is the one that counts, not what a subclass says. */
function readGiven(input: Request, init: RequestInit): Asked {
  const request = new Request(input, init);
  const { url, method, headers, body, signal, redirect } = request;
  // What a Request does not show, such as the connections to use, goes with every attempt.
  const { method: _, headers: __, body: ___, ...others } = init;
  return { url: new URL(url), method, headers, body, signal, redirect, request, shared: { ...others, signal } };
}

function readNamed(input: string, { body = null, ...shared }: RequestInit): Asked {
  const url = new URL(input);
  // Without the body, which a Request would take for itself; it refuses a URL with a user name or a password.
  const { method, headers, redirect } = new Request(url, shared);
  return { url, method, headers, body, signal: shared.signal ?? undefined, redirect, request: undefined, shared };
}
