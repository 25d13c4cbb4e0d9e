/** A record as it was read: the bytes, and the version that `update` must be given to replace them. */
interface StoredRecord {
  readonly value: Buffer;
  readonly version: number;
}

/** A right that at most one holder has at a time, until it runs out. */
export interface Lease {
  /** Extends the lease by its first length; false when it has run out or someone else holds it now. */
  renew(): Promise<boolean>;
  /** Gives the lease back if it is still this holder's, else does nothing. */
  release(): Promise<void>;
}

/**
 * Where programs keep what must outlive a request. All times are seconds. Every operation is atomic, and what it
 * acknowledges has happened. Any of them may reject with `StoreUnavailable`: that never means "not found".
 * Records, `once` marks, leases and indexes have separate key spaces. A time to live that is not a positive number,
 * or a key or value over the limits of `limits.ts`, is a caller's mistake and throws RangeError.
 */
export interface Store {
  /** The live record of this key. */
  read(key: string): Promise<StoredRecord | undefined>;
  /** Writes a record that is not there; false, and nothing changed, when a live one is. */
  create(key: string, value: Uint8Array, ttlSeconds: number): Promise<boolean>;
  /** Replaces a live record of exactly this version. Keeps its time to live; never brings a dead record back. */
  update(key: string, expectedVersion: number, value: Uint8Array): Promise<'ok' | 'gone' | 'conflict'>;
  /** Writes a record whatever was there. */
  put(key: string, value: Uint8Array, ttlSeconds: number): Promise<void>;
  /** Removes a record; true when a live one was there. */
  delete(key: string): Promise<boolean>;
  /** Reads and removes a record: of any number of callers exactly one gets it. */
  take(key: string): Promise<Buffer | undefined>;
  /** True exactly once for a key within the time to live, however many ask. */
  once(key: string, ttlSeconds: number): Promise<boolean>;
  /** The lease of this key, or undefined while somebody holds it. */
  lease(key: string, ttlSeconds: number): Promise<Lease | undefined>;
  /** Adds a member, which stays at least this long; adding it again never shortens its stay. */
  addToIndex(index: string, member: string, ttlSeconds: number): Promise<void>;
  removeFromIndex(index: string, member: string): Promise<void>;
  members(index: string): Promise<readonly string[]>;
  /** Tells the subscribers of a channel, each at most once. Nobody may depend on this alone. */
  publish(channel: string, message: string): Promise<void>;
  /** Listens to a channel until the returned function is called or the store is closed. */
  subscribe(channel: string, listener: (message: string) => void): () => void;
  /** Seconds since the epoch by the clock that the store goes by; answers only while the store does. */
  now(): Promise<number>;
  /** Seconds since the epoch since when nothing was forgotten: a `once` mark older than this may be unknown. */
  rememberedSince(): number;
  /** Finishes what was begun and lets go of everything; calling it again does nothing. */
  close(): Promise<void>;
}
