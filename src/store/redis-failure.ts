import { StoreUnavailable } from './errors.ts';

/** The server's word for what it refuses, such as `MOVED` or `NOSCRIPT`; empty when it is not the server that says no. */
export function refusalOf(error: unknown): string {
  return error instanceof Error ? (/^-?([A-Z]{2,})\b/.exec(error.message)?.[1] ?? '') : '';
}

/**
 * Whatever went wrong as StoreUnavailable, in few and short reasons: the driver's own words hold addresses, and the server's may
 * hold arguments.
 */
export function unavailable(error: unknown): StoreUnavailable {
  if (error instanceof StoreUnavailable) return error;
  return new StoreUnavailable(`the store in Valkey or Redis cannot be used: ${reasonOf(error)}`);
}

function reasonOf(error: unknown): string {
  const refusal = refusalOf(error);
  if (refusal !== '') return refusal;
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return 'there is no connection';
}
