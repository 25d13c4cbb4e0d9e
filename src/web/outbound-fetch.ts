import { isIP } from 'node:net';
import type { Agent } from 'undici';
import { addressKind } from './addresses.ts';
import { AddressRefused, pinnedLookup, resolveByMachine } from './pinned-lookup.ts';
import type { Resolve, Resolved } from './pinned-lookup.ts';

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
  /** Finds the addresses of host names: the machine's own way unless told. */
  readonly resolve?: Resolve;
}

/** A request as for the built-in one, and how far inside it may go: `public` = to no private address. */
interface OutboundInit extends RequestInit {
  readonly reach?: 'public' | 'any';
}

/** Calls to other servers, with limits, without redirects, and to link-local addresses under no name. */
export interface OutboundFetch {
  /**
   * As the built-in one, but the body is read whole before it resolves; a 3xx is an answer like any other. Each connection
   * resolves its host once and goes to an address that was checked. AddressRefused is what is thrown, or the cause of it.
   */
  readonly fetch: (url: string, init?: OutboundInit) => Promise<Response>;
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
  readonly agents: Readonly<Record<Where, Agent>>;
}

/** Connections that lead to one kind of place; they are never shared with another kind. */
type Where = 'public' | 'any' | 'loopback';

/** This machine, whatever a resolver says (RFC 6761 6.3). */
const THIS_MACHINE: readonly Resolved[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

/** Makes a `fetch` over its own connections; `close` ends them. */
export function createOutboundFetch(options: OutboundOptions = {}): OutboundFetch {
  const maxBytes = options.maxBytes ?? 1024 * 1024;
  let client: Promise<Client> | undefined;
  return {
    async fetch(url, init = {}) {
      const where = placeOf(new URL(url).hostname, init.reach ?? 'any');
      client ??= createClient(options);
      const { fetch, agents } = await client;
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
        dispatcher: agents[where],
      });
      const bytes = await readAtMost(response.body, maxBytes);
      const hasBody = ![204, 205, 304].includes(response.status);
      const { status, statusText } = response;
      return new Response(hasBody ? bytes : null, { status, statusText, headers: [...response.headers] });
    },
    async close() {
      const { agents } = (await client) ?? {};
      await Promise.all(Object.values(agents ?? {}).map((agent) => agent.destroy()));
    },
  };
}

// Loaded at the first call: the library takes longer to load than a program has to start.
async function createClient(options: OutboundOptions): Promise<Client> {
  const { Agent, fetch } = await import('undici');
  const timeout = (options.connectSeconds ?? 2) * 1000;
  const { ca, resolve = resolveByMachine } = options;
  const agent = (connect: object): Agent => new Agent({ connect: { timeout, ...connect }, connections: 64 });
  return {
    fetch,
    agents: {
      public: agent({ lookup: pinnedLookup(resolve, (address) => addressKind(address) === 'public') }),
      any: agent({ lookup: pinnedLookup(resolve, (address) => addressKind(address) !== 'never') }),
      loopback: agent({
        lookup: pinnedLookup(
          () => Promise.resolve(THIS_MACHINE),
          () => true,
        ),
        ...(ca === undefined ? {} : { ca }),
      }),
    },
  };
}

/** Which connections a host may have. An address is judged here: a socket asks for the addresses of names only. */
function placeOf(hostname: string, reach: 'public' | 'any'): Where {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const local = isLoopback(hostname);
  const kind = isIP(host) === 0 ? undefined : addressKind(host);
  if (kind === 'never' || (reach === 'public' && (local || kind === 'private'))) throw new AddressRefused(hostname);
  return local ? 'loopback' : reach;
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
