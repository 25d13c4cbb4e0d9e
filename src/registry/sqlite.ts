import type { Registry } from './contract.ts';

/** TODO in the next commit. */
export function openSqlite(file: string, _options: { readonly now: () => number }): Registry {
  throw new Error(`not there yet: ${file}`);
}
