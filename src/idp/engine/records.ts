import type { Store } from '../../store/store.ts';
import { digest } from '../digest.ts';

/** The key under which a secret value (code, refresh token, cookie) is kept: the store never holds the value itself. */
export function keyOf(kind: string, secret: string): string {
  return `${kind} ${digest(secret)}`;
}

/** A record as JSON. */
export async function putJson(
  store: Pick<Store, 'put'>,
  key: string,
  value: object,
  ttlSeconds: number,
): Promise<void> {
  await store.put(key, Buffer.from(JSON.stringify(value)), Math.max(1, ttlSeconds));
}

/** Reads what {@link putJson} wrote; the check decides what it is. */
export async function readJson<T>(
  store: Pick<Store, 'read'>,
  key: string,
  is: (value: unknown) => value is T,
): Promise<{ readonly value: T; readonly version: number } | undefined> {
  const record = await store.read(key);
  if (record === undefined) return undefined;
  const value: unknown = JSON.parse(record.value.toString());
  return is(value) ? { value, version: record.version } : undefined;
}

/** A guard that looks at the named members only: enough for records we wrote ourselves. */
export function hasMembers<T extends object>(...names: readonly (keyof T & string)[]): (value: unknown) => value is T {
  return (value): value is T =>
    typeof value === 'object' && value !== null && names.every((name) => Object.hasOwn(value, name));
}
