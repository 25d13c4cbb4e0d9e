import type { EventTable } from '../observe/events.ts';

/** What a registry in a database has to say. */
export type RegistryEvent =
  /** It does not answer; told once until it answers again. */
  | { readonly event: 'registry.unreachable'; readonly message: string }
  | { readonly event: 'registry.reachable' }
  /** All rows were read anew: the changes since were too many, too large, or not those we had followed. */
  | { readonly event: 'registry.reloaded'; readonly version: number }
  /** It holds an older version than we have seen (an old backup, a replica that lags): it is not followed, and the snapshot grows old. */
  | { readonly event: 'registry.older'; readonly version: number; readonly seen: number }
  /** Someone who was told of a change threw. */
  | { readonly event: 'registry.listener_failed'; readonly error: unknown };

/** What becomes of each event. */
export const registryEvents: EventTable<RegistryEvent> = {
  'registry.unreachable': { level: 'warn' },
  'registry.reachable': { level: 'info' },
  'registry.reloaded': { level: 'info' },
  'registry.older': { level: 'warn' },
  'registry.listener_failed': { level: 'error' },
};
