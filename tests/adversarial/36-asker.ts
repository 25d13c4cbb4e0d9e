import type { TestContext } from 'node:test';
import { openChannel } from '../../bench/shared/channel.ts';
import type { SidecarAlone } from './sidecar-alone.ts';

/** A request that is like no other. */
export interface Strange {
  readonly path: string;
  readonly body: object | string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One connection, without what a client of Node costs: a million requests are no measure of that. */
interface Asker {
  /** The status it is answered with. Rejects when the connection breaks. */
  ask(one: Strange): Promise<number>;
  close(): void;
}

/** Opens one; it ends with the test at the latest. */
export async function openAsker(t: Pick<TestContext, 'after'>, { origin }: SidecarAlone): Promise<Asker> {
  const state: { broken?: (error: Error) => void } = {};
  const channel = await openChannel(Number(new URL(origin).port), (error) => state.broken?.(error));
  t.after(() => channel.close());
  return {
    ask: (one) =>
      new Promise((resolve, reject) => {
        state.broken = reject;
        channel.ask(wire(one), resolve);
      }),
    close: () => channel.close(),
  };
}

function wire({ path, body, headers }: Strange): Buffer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const all = { host: '127.0.0.1', 'content-type': 'application/json', ...headers };
  const lines = Object.entries({ ...all, 'content-length': Buffer.byteLength(text) });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${head}\r\n${text}`);
}
