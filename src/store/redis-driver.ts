import type { RedisNode } from './redis-address.ts';
import type { Words } from './redis-node.ts';

/** What carries commands to the server that holds a key. */
export interface RedisDriver {
  /** Rejects with the server's refusal, or StoreUnavailable. Without a key any server will do. */
  ask(key: string | undefined, words: Words): Promise<unknown>;
  /** Servers to try for what any of them can do. */
  nodes(): readonly RedisNode[];
  close(): Promise<void>;
}
