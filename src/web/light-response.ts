/*
 * An answer as `fetch` gives it, without Node's fetch: to load that takes ten megabytes, which a process that only reads a few bytes
 * of JSON now and then can do without.
 */

/** An answer that has been read whole. */
interface ReadAnswer {
  readonly url: string;
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly (readonly [string, string])[];
  /** Null where the status allows none. */
  readonly body: Uint8Array<ArrayBuffer> | null;
}

/** A Response in all but its class; what is seldom asked of one loads what it otherwise does without. */
export function lightResponse(answer: ReadAnswer): Response {
  const { url, status, statusText, body } = answer;
  const headers = lightHeaders(answer.headers);
  let stream: ReadableStream<Uint8Array<ArrayBuffer>> | null | undefined;
  let isUsed = false;
  const take = (): Promise<Uint8Array<ArrayBuffer>> => {
    if (isUsed || stream?.locked === true) return Promise.reject(new TypeError('the body has been read'));
    isUsed = true;
    return Promise.resolve(body ?? new Uint8Array());
  };
  const whole = (): Response => new Response(body, { status, statusText, headers: [...headers] });
  return {
    url,
    status,
    statusText,
    headers,
    ok: status >= 200 && status < 300,
    redirected: false,
    type: 'default',
    get body() {
      stream ??= body === null ? null : streamOf(body);
      return stream;
    },
    get bodyUsed() {
      return isUsed || stream?.locked === true;
    },
    bytes: take,
    arrayBuffer: async () => new Uint8Array(await take()).buffer,
    text: async () => new TextDecoder().decode(await take()),
    json: async () => JSON.parse(new TextDecoder().decode(await take())),
    textStream: () => whole().textStream(),
    blob: () => whole().blob(),
    formData: () => whole().formData(),
    clone: whole,
  };
}

function streamOf(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}

function lightHeaders(pairs: readonly (readonly [string, string])[]): Headers {
  const values = new Map<string, string[]>();
  const append = (name: string, value: string): void => {
    const key = name.toLowerCase();
    values.set(key, [...(values.get(key) ?? []), value.trim()]);
  };
  for (const [name, value] of pairs) append(name, value);
  // Who goes through all of them gets the built-in kind.
  const whole = (): Headers =>
    new Headers([...values].flatMap(([name, each]) => each.map((value): [string, string] => [name, value])));
  return {
    append,
    get: (name) => values.get(name.toLowerCase())?.join(', ') ?? null,
    getSetCookie: () => [...(values.get('set-cookie') ?? [])],
    has: (name) => values.has(name.toLowerCase()),
    set: (name, value) => void values.set(name.toLowerCase(), [value]),
    delete: (name) => void values.delete(name.toLowerCase()),
    forEach: (each) => whole().forEach(each),
    entries: () => whole().entries(),
    keys: () => whole().keys(),
    values: () => whole().values(),
    [Symbol.iterator]: () => whole()[Symbol.iterator](),
  };
}
