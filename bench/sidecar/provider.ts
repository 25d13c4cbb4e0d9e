import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { serverOf } from '../shared/servers.ts';
import type { BenchServer } from '../shared/servers.ts';
import type { BenchKeys } from './world.ts';

/** How token endpoints answer: after so many milliseconds, with tokens that live so many seconds. */
export interface ProviderManner {
  readonly delayMs: number;
  readonly expiresIn: number;
}

/** What was asked for. */
export interface ProviderCounts {
  /** Of all token endpoints. */
  readonly calls: number;
  readonly keyFetches: number;
}

/** The providers, in a process of their own. */
export interface BenchProvider extends BenchServer {
  readonly origin: string;
  /** From now on like this; what was asked for since it was told so the last time. */
  behave(manner: ProviderManner): Promise<ProviderCounts>;
}

export const PROMPT: ProviderManner = { delayMs: 0, expiresIn: 3600 };

export async function startProvider(keys: BenchKeys): Promise<BenchProvider> {
  const child = fork(join(import.meta.dirname, 'provider-child.ts'));
  child.send(keys);
  const [{ port }] = await once(child, 'message');
  return {
    ...serverOf(child, Number(port)),
    origin: `http://127.0.0.1:${port}`,
    async behave(manner) {
      const answered = once(child, 'message');
      child.send(manner);
      const [counts] = await answered;
      return counts;
    },
  };
}
