import { existsSync } from 'node:fs';

/**
 * Why a test of a program that comes with the system is to be skipped, or `false`. In CI nothing is: there the programs are
 * installed, and a test that misses one has to fail.
 */
export function skipWithout(program: string, files: readonly string[]): string | false {
  const missing = files.find((file) => !existsSync(file));
  if (missing === undefined || process.env['CI'] !== undefined) return false;
  return `${program} is not installed (no ${missing})`;
}
