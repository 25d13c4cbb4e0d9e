import { isIP } from 'node:net';
import type { Agent } from 'node:http';
import { addressKind } from './addresses.ts';
import { http, https } from './node-http.ts';
import { lightResponse } from './light-response.ts';
import { makeCall } from './outbound-call.ts';
import { isExcepted } from './outbound-proxy.ts';
import type { OutboundProxy } from './outbound-proxy.ts';
import { tunnelThrough } from './proxy-tunnel.ts';
import { readRequest } from './outbound-request.ts';
import { AddressRefused, pinnedLookup, resolveByMachine } from './pinned-lookup.ts';
import type { Resolve, Resolved } from './pinned-lookup.ts';

/** Limits of calls to other servers. */
export interface OutboundOptions {
  /** PEM of a private authority, believed for https on loopback hosts and nowhere else. */
  readonly ca?: string;
  /** Seconds to connect: 2 unless told. */
  readonly connectSeconds?: number;
  /** Seconds without a byte of the answer: no limit of their own unless told. */
  readonly readSeconds?: number;
  /** Seconds for the whole call, body included: 10 unless told. */
  readonly totalSeconds?: number;
  /** Longest body in bytes: 1 MiB unless told. */
  readonly maxBytes?: number;
  /** Finds the addresses of host names: the machine's own way unless told. */
  readonly resolve?: Resolve;
  /** Connections to one host at a time, 64 unless told; so many idle ones are kept as well, for ten seconds. */
  readonly connections?: number;
  readonly idleConnections?: number;
  /** Answers are no instances of Response, which saves loading it. */
  readonly isLight?: boolean;
  /** For https to anywhere but this machine. It finds the addresses: what names mean is then not checked here. */
  readonly proxy?: OutboundProxy | undefined;
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

/** Connections that lead to one kind of place; they are never shared with another kind. */
type Where = 'public' | 'any' | 'loopback';

/** This machine, whatever a resolver says (RFC 6761 6.3). */
const THIS_MACHINE: readonly Resolved[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

const CONNECT_SECONDS = 2;
const IDLE_MS = 10_000;
/** Makes a `fetch` over its own connections; `close` ends them. */
export function createOutboundFetch(options: OutboundOptions = {}): OutboundFetch {
  const {
    maxBytes = 1024 * 1024,
    connectSeconds = CONNECT_SECONDS,
    readSeconds = Infinity,
    totalSeconds = 10,
    proxy,
  } = options;
  const agents = createAgents(options);
  return {
    async fetch(url, init = {}) {
      const to = new URL(url);
      const where = placeOf(to.hostname, init.reach ?? 'any');
      const isTunnelled = proxy !== undefined && isProxied(to, where, proxy);
      const deadline = AbortSignal.timeout(totalSeconds * 1000);
      const { status, statusText, rawHeaders, body } = await makeCall({
        ...(await readRequest(url, init)),
        url: to,
        agent: agents[isTunnelled ? 'proxy' : where][to.protocol === 'https:' ? 'tls' : 'plain'],
        signal: init.signal ? AbortSignal.any([init.signal, deadline]) : deadline,
        connectMs: connectSeconds * 1000,
        readMs: readSeconds * 1000,
        maxBytes,
        isTunnelled,
      });
      const bytes = [204, 205, 304].includes(status) ? null : body;
      const headers = pairs(rawHeaders);
      if (options.isLight === true) return lightResponse({ url, status, statusText, headers, body: bytes });
      return new Response(bytes, { status, statusText, headers });
    },
    close() {
      for (const { plain, tls } of Object.values(agents)) {
        plain.destroy();
        tls.destroy();
      }
      return Promise.resolve();
    },
  };
}

function pairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at] ?? '', flat[2 * at + 1] ?? '']);
}

interface AgentPair {
  readonly plain: Agent;
  readonly tls: Agent;
}

function createAgents(options: OutboundOptions): Readonly<Record<Where | 'proxy', AgentPair>> {
  const { ca, resolve = resolveByMachine, connections = 64, idleConnections = connections } = options;
  const common = { keepAlive: true, maxSockets: connections, maxFreeSockets: idleConnections, timeout: IDLE_MS };
  const pair = (more: object): AgentPair => ({
    plain: new http.Agent({ ...common, ...more }),
    tls: new https.Agent({ ...common, ...more }),
  });
  return {
    public: pair({ lookup: pinnedLookup(resolve, (address) => addressKind(address) === 'public') }),
    any: pair({ lookup: pinnedLookup(resolve, (address) => addressKind(address) !== 'never') }),
    loopback: pair({
      lookup: pinnedLookup(
        () => Promise.resolve(THIS_MACHINE),
        () => true,
      ),
      ...(ca === undefined ? {} : { ca }),
    }),
    proxy: tunnelled(pair({}), options),
  };
}

function tunnelled(agents: AgentPair, { proxy, connectSeconds = CONNECT_SECONDS }: OutboundOptions): AgentPair {
  if (proxy !== undefined) agents.tls.createConnection = tunnelThrough(proxy.url, connectSeconds * 1000);
  return agents;
}

function isProxied(to: URL, where: Where, { except = '' }: OutboundProxy): boolean {
  return to.protocol === 'https:' && where !== 'loopback' && !isExcepted(to, except);
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
