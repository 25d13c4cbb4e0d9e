import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { assertLoopback } from './loopback.ts';

/**
 * What the proxy does to connections, those that are open included.
 * - `reset`: every connection is reset.
 * - `halfClose`: the client's side gets a clean end at once; what it sends still goes through.
 * - `blackhole`: connections are accepted and bytes swallowed, both ways; nothing ever ends.
 * - `cutAnswer`: requests go through, and the first byte of an answer resets the client instead of reaching it.
 * - `delay`: each piece is held this long, each way. `throttle`: so many bytes a second, each way.
 * - `dropAfter`: after so many bytes of answer the client is reset.
 */
type Fault =
  | { readonly kind: 'pass' | 'reset' | 'halfClose' | 'blackhole' | 'cutAnswer' }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'throttle'; readonly bytesPerSecond: number }
  | { readonly kind: 'dropAfter'; readonly bytes: number };

/** A TCP proxy that misbehaves as it is told. `up` and `down` count bytes that were passed on to target and client. */
export interface FaultProxy {
  readonly port: number;
  set(fault: Fault): void;
  counts(): { readonly connections: number; readonly up: number; readonly down: number };
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly target: Socket;
  down: number;
}

/** A proxy on a port of the system's choice before a target on this machine; passes everything until told otherwise. */
export async function createFaultProxy(target: { readonly host: string; readonly port: number }): Promise<FaultProxy> {
  assertLoopback(target.host);
  const pairs = new Set<Pair>();
  const stop = new AbortController();
  const counts = { connections: 0, up: 0, down: 0 };
  let fault: Fault = { kind: 'pass' };

  /** What may be passed on of a piece, now; undefined when the connection is over. */
  async function filter(piece: Buffer, pair: Pair, way: 'up' | 'down'): Promise<Buffer | undefined> {
    const now = fault;
    if (now.kind === 'delay') await pause(now.ms, undefined, { signal: stop.signal });
    if (now.kind === 'throttle')
      await pause((piece.length / now.bytesPerSecond) * 1000, undefined, { signal: stop.signal });
    if (fault.kind === 'blackhole') return Buffer.alloc(0);
    if (way === 'up') return piece;
    if (fault.kind === 'halfClose') return Buffer.alloc(0);
    if (fault.kind === 'cutAnswer') return undefined;
    return fault.kind === 'dropAfter' ? piece.subarray(0, Math.max(0, fault.bytes - pair.down)) : piece;
  }

  async function carry(pair: Pair, way: 'up' | 'down'): Promise<void> {
    const [from, to] = way === 'up' ? [pair.client, pair.target] : [pair.target, pair.client];
    // The other direction may have more to say when this one has ended, so the iterator must not close the socket.
    for await (const whole of from.iterator({ destroyOnReturn: false })) {
      for (const piece of pieces(whole, fault)) {
        const passed = await filter(piece, pair, way);
        if (passed === undefined) return end(pair);
        counts[way] += passed.length;
        if (way === 'down') pair.down += passed.length;
        if (passed.length > 0 && !to.write(passed)) await once(to, 'drain', { signal: stop.signal });
        if (way === 'down' && fault.kind === 'dropAfter' && pair.down >= fault.bytes) return end(pair);
      }
    }
    if (fault.kind !== 'blackhole') to.end();
  }

  function end(pair: Pair): void {
    pair.client.resetAndDestroy();
    pair.target.destroy();
    pairs.delete(pair);
  }

  function apply(pair: Pair): void {
    if (fault.kind === 'reset') end(pair);
    if (fault.kind === 'halfClose') pair.client.end();
  }

  const server = createServer({ allowHalfOpen: true }, (client) => {
    counts.connections += 1;
    const pair: Pair = { client, target: connect({ ...target, allowHalfOpen: true }), down: 0 };
    pairs.add(pair);
    for (const socket of [pair.client, pair.target]) socket.on('error', () => end(pair));
    void Promise.all([carry(pair, 'up'), carry(pair, 'down')])
      .catch(() => end(pair))
      .finally(() => pairs.delete(pair));
    apply(pair);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the fault proxy has no port');

  return {
    port: address.port,
    set(next) {
      fault = next;
      for (const pair of pairs) apply(pair);
    },
    counts: () => ({ ...counts }),
    async close() {
      stop.abort();
      for (const pair of pairs) end(pair);
      server.close();
      await once(server, 'close');
    },
  };
}

/** A throttled piece is cut into tenths of a second, so that bytes trickle. */
function* pieces(whole: Buffer, fault: Fault): Generator<Buffer> {
  const size = fault.kind === 'throttle' ? Math.max(1, Math.floor(fault.bytesPerSecond / 10)) : whole.length;
  for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size);
}
