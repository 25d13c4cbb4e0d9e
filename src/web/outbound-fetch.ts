import type { Agent } from 'undici';

/** Limits of calls to other servers. */
export interface OutboundOptions {
  /** PEM of a private authority, believed for https on loopback hosts and nowhere else. */
  readonly ca?: string;
  /** Seconds to connect: 2 unless told. */
  readonly connectSeconds?: number;
  /** Seconds for the whole call, body included: 10 unless told. */
  readonly totalSeconds?: number;
  /** Longest body in bytes: 1 MiB unless told. */
  readonly maxBytes?: number;
}

/** Calls to other servers, with limits, without redirects. */
export interface OutboundFetch {
  /** As the built-in one, but the body is read whole before it resolves; a 3xx is an answer like any other. */
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>;
  close(): Promise<void>;
}

/** A body came that is longer than the caller allows. */
export class ResponseTooLarge extends Error {
  constructor(maxBytes: number) {
    super(`response body is longer than ${maxBytes} bytes`);
    this.name = 'ResponseTooLarge';
  }
}

interface Client {
  readonly fetch: typeof import('undici').fetch;
  readonly everywhere: Agent;
  readonly loopback: Agent;
}

/** Makes a `fetch` over its own connections; `close` ends them. */
export function createOutboundFetch(options: OutboundOptions = {}): OutboundFetch {
  const maxBytes = options.maxBytes ?? 1024 * 1024;
  let client: Promise<Client> | undefined;
  return {
    async fetch(url, init = {}) {
      client ??= createClient(options);
      const { fetch, everywhere, loopback } = await client;
      const deadline = AbortSignal.timeout((options.totalSeconds ?? 10) * 1000);
      const signal = init.signal ? AbortSignal.any([init.signal, deadline]) : deadline;
      // The built-in request knows what content type each kind of body implies.
      const request = new Request(url, { ...init, signal: null });
      const response = await fetch(url, {
        method: request.method,
        headers: [...request.headers],
        body: request.body === null ? null : new Uint8Array(await request.arrayBuffer()),
        redirect: 'manual',
        signal,
        dispatcher: isLoopback(new URL(url).hostname) ? loopback : everywhere,
      });
      const bytes = await readAtMost(response.body, maxBytes);
      const hasBody = ![204, 205, 304].includes(response.status);
      const { status, statusText } = response;
      return new Response(hasBody ? bytes : null, { status, statusText, headers: [...response.headers] });
    },
    async close() {
      const { everywhere, loopback } = (await client) ?? {};
      await Promise.all([everywhere?.destroy(), loopback?.destroy()]);
    },
  };
}

// Loaded at the first call: the library takes longer to load than a program has to start.
async function createClient(options: OutboundOptions): Promise<Client> {
  const { Agent, fetch } = await import('undici');
  const timeout = (options.connectSeconds ?? 2) * 1000;
  const { ca } = options;
  return {
    fetch,
    everywhere: new Agent({ connect: { timeout }, connections: 64 }),
    loopback: new Agent({ connect: ca === undefined ? { timeout } : { timeout, ca }, connections: 64 }),
  };
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(?:\.\d{1,3}){3}$/.test(hostname)
  );
}

async function readAtMost(body: AsyncIterable<Uint8Array> | null, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    // Leaving the loop cancels the body, and with it the connection.
    if (length > maxBytes) throw new ResponseTooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
