import { ConfigError } from '../config-error.ts';

/** Throws ConfigError for an argument too many, which would be passed over. The index that `map` and `reduce` give besides is none. */
export function assertNoMore(more: readonly unknown[], told: string): void {
  if (more.length > 0 && typeof more[0] !== 'number') throw new ConfigError([told]);
}
