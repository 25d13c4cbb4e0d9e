/** What goes out, whatever form it was given in. */
export interface OutboundRequest {
  readonly method: string;
  /** By name in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
}

/** Some servers turn down who does not say what it is. */
const OWN_HEADERS = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'fullmakt' };

/** Reads what a caller of `fetch` gave. What is plain is read here: the built-in Request does the same for every kind, and takes long to load. */
export async function readRequest(url: string, init: RequestInit): Promise<OutboundRequest> {
  const { body = null, headers = {}, method = 'GET' } = init;
  if (isPlain(headers) && (body === null || typeof body === 'string')) {
    const named = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    const type = body === null ? {} : { 'content-type': 'text/plain;charset=UTF-8' };
    return { method: method.toUpperCase(), headers: { ...OWN_HEADERS, ...type, ...named }, body: body ?? undefined };
  }
  const request = new Request(url, { ...init, signal: null });
  return {
    method: request.method,
    headers: { ...OWN_HEADERS, ...Object.fromEntries(request.headers) },
    body: request.body === null ? undefined : new Uint8Array(await request.arrayBuffer()),
  };
}

function isPlain(headers: NonNullable<RequestInit['headers']>): headers is Record<string, string> {
  return (
    Object.getPrototypeOf(headers) === Object.prototype &&
    Object.values(headers).every((value) => typeof value === 'string')
  );
}
