import module from 'node:module';
import { dirname } from 'node:path';

/**
 * Node's compile cache, shared with the dev commands: the SDK's types are stripped once and not once per app, which is most of
 * what starting a small app costs.
 */
export function compileCacheVariables(): Record<string, string> {
  const cache = module.getCompileCacheDir();
  return cache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(cache) };
}

/** Fills the cache with the SDK, for the apps that are about to start the first time, and writes it out. */
export async function fillCompileCache(): Promise<void> {
  if (module.getCompileCacheDir() === undefined) return;
  await Promise.all([import('../sdk/index.ts'), import('../sdk/tokens.ts')]);
  module.flushCompileCache();
}
